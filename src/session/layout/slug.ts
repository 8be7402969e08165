/**
 * A text as lower-case words, digits and hyphens, cut between words; empty when nothing of that is in it.
 * @param maxLength in characters
 */
export function slugOf(text: string, maxLength: number): string {
  // Marks off the letters first, so that "é" gives "e" in every file system alike.
  const plain = text
    .slice(0, 4000)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .normalize('NFC');
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word : `${slug}-${word}`;
    if ([...longer].length > maxLength) break;
    slug = longer;
  }
  return slug === '' ? [...(words[0] ?? '')].slice(0, maxLength).join('') : slug;
}
