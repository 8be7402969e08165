/**
 * The part of a place that stays the same while a person moves between the parts of one session; a transcript is a
 * different one. Used by the server and by the page's script.
 */
export function paneOf(place = ''): string {
  return /^\/s\/[^/]*(?:\/transcript\/.*)?/.exec(place)?.[0] ?? place;
}
