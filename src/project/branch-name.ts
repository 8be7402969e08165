/**
 * The branch of a session: its folder's name without the date, after `<prefix>/` if there is one. What git
 * allows in no branch name (old folders have blanks, dots, colons) becomes a hyphen.
 */
export function branchOf(sessionFolder: string, prefix = ''): string {
  const name = sessionFolder
    .replace(/^\d{2}-\d{2}-\d{2}-(?=.)/, '')
    .replace(/[^\p{L}\p{N}._-]+|\.{2,}/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .replace(/\.lock$/i, '-lock');
  const part = prefix.replace(/\/+$/, '');
  return part ? `${part}/${name || 'session'}` : name || 'session';
}
