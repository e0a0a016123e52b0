/**
 * The page's clock: milliseconds since 1970 as they were when the browser began, counted on by its monotonic clock.
 * It never steps, whatever happens to the browser's clock.
 */
export const now = () => performance.timeOrigin + performance.now();

/**
 * A moment of that clock as time of day. The browser's clock may have been set since it began, or have run on while the
 * machine slept: the difference is whole seconds, so that a second's tick stays on its second.
 */
export const to_wall = (at, wall = Date.now(), here = now()) => at + Math.round((wall - here) / 1000) * 1000;
