import { find, set_text } from './dom.js';
import { fill, to_report_document } from './report_document.js';
import { download } from './session.js';

const file_name = ({ made }, extension) => `loopscope-${made.replaceAll(':', '')}.${extension}`;

/** Copy link and downloads. The report needs load/report's page, which may not be part of the binary. */
export class share_view {
  constructor({ link, session }) {
    find('copy_link').addEventListener('click', () => this.copy(link()));
    find('download_json').addEventListener('click', () => {
      const made = session();
      download(file_name(made, 'json'), 'application/json', JSON.stringify(made, null, 1));
      set_text(find('share_text'), 'The session was handed to the browser as a file.');
    });
    find('download_report').addEventListener('click', () => this.report(session()));
  }

  async report(made) {
    if (made.results.length === 0) {
      set_text(find('share_text'), 'There is nothing to report yet: run a write first.');
      return;
    }
    const answer = await fetch('dashboard/report_template.html').catch(() => null);
    if (!answer?.ok) {
      set_text(find('share_text'), answer ? 'The report\'s page is not part of this binary.' : 'The service is gone; its report\'s page cannot be fetched.');
      return;
    }
    download(file_name(made, 'html'), 'text/html', fill(await answer.text(), to_report_document({ ...made, info: made.service })));
    set_text(find('share_text'), 'The report was handed to the browser as a file that opens without this service.');
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      set_text(find('share_text'), 'The link was copied.');
    } catch {
      // Not allowed here, as on a page without TLS on another host: the reader copies it.
      const field = find('link');
      field.hidden = false;
      field.value = text;
      field.select();
      set_text(find('share_text'), 'The browser does not let this page copy; the link is selected.');
    }
  }
}
