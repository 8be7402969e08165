const WORD = String.raw`[\p{L}\p{N}_]`;
const TAG = String.raw`[_·\p{L}\p{Nd}\u200c\u0d80-\u0dff]`;
/** Not general punctuation, except joiners and dashes. */
const IN_URL = String.raw`(?![\s\u2000-\u200b\u200e\u200f\u2016-\u206f])`;
const IN_DOMAIN = String.raw`(?:${IN_URL}[\w.~\-\u00c0-\u{10ffff}])`;
const IN_USER = String.raw`(?:${IN_URL}[^/[\]{}()'\x60<>"@«»])`;
/** Any ending of two letters, where TDLib has a list of top-level domains; or an IPv4 address. */
const DOMAIN = String.raw`${IN_DOMAIN}*(?<!\.)\.${IN_DOMAIN}*(?<=\.\p{L}[\p{L}\p{N}\-]+|\d+(?:\.\d+){3})`;

/**
 * What Telegram turns into links, according to its library TDLib, and a little more. Bank card numbers and
 * media timestamps are left out, because they lead nowhere.
 */
const LINKS: readonly RegExp[] = [
  String.raw`(?<!${WORD})@\w{2,32}(?!${WORD})`,
  String.raw`(?<!${WORD}|[/<>])/\w{1,64}(?:@\w{3,32})?(?!${WORD}|[/<>])`,
  String.raw`(?<!${TAG})#(?=${TAG}*\p{L})${TAG}{1,256}(?!${TAG}*#)`,
  String.raw`(?<!${TAG}|\$)\$(?:1INCH|[A-Z]{1,8})(?!${TAG}|\$)`,
  String.raw`(?:[tT][gG]|[tT][oO][nN])://[\w-]+`,
  `(?:[hH][tT][tT][pP][sS]?|[fF][tT][pP])://(?:${IN_USER}+@)?${DOMAIN}`,
  `${IN_USER}+@${DOMAIN}`,
  `(?<!${IN_DOMAIN}|[/#@])${DOMAIN}`,
].map((pattern) => new RegExp(pattern, 'gu'));

export function linksIn(text: string): string[] {
  return LINKS.flatMap((link) => text.match(link) ?? []);
}
