/**
 * A text as lower-case words, digits and hyphens, cut between words; empty when the text has none.
 * @param maxLength in characters
 */
export function slugOf(text: string, maxLength: number): string {
  // Accents of Latin letters are dropped: "é" gives "e". In other scripts a mark makes another letter, as in "ド".
  const plain = text
    .slice(0, 4000)
    .normalize('NFKD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .toLowerCase()
    .normalize('NFC');
  const words = plain.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? [];
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word : `${slug}-${word}`;
    if ([...longer].length > maxLength) break;
    slug = longer;
  }
  return slug === '' ? [...(words[0] ?? '')].slice(0, maxLength).join('') : slug;
}
