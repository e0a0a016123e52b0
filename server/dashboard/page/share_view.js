import { find, set_text } from './dom.js';
import { download } from './session.js';

/** Copy link and download. */
export class share_view {
  constructor({ link, session }) {
    find('copy_link').addEventListener('click', () => this.copy(link()));
    find('download_json').addEventListener('click', () => {
      const made = session();
      download(`loopscope-${made.made.replaceAll(':', '')}.json`, 'application/json', JSON.stringify(made, null, 1));
      set_text(find('share_text'), 'The session was handed to the browser as a file.');
    });
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
