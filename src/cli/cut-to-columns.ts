// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colour sequences begin with ESC
const PIECES = /\u001b\[[0-9;]*m|./gsu;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const NARROWLESS = /\p{Mark}|\u200d/u;

/** Cuts one coloured line to `columns` places of a terminal; colour sequences take none. */
export function cutToColumns(line: string, columns: number): string {
  let used = 0;
  let kept = '';
  let colours = '';
  const pieces = line.match(PIECES) ?? [];
  for (const [index, piece] of pieces.entries()) {
    if (piece.startsWith('\u001b')) {
      kept += piece;
      colours = piece;
      continue;
    }
    const width = widthOf(piece);
    const isLast = !pieces.slice(index + 1).some((next) => !next.startsWith('\u001b'));
    if (used + width > (isLast ? columns : columns - 1)) return `${kept}…${colours ? '\u001b[0m' : ''}`;
    kept += piece;
    used += width;
  }
  return kept;
}

/** How many places of a terminal a text takes on one line; colour sequences take none. */
export function columnsOf(text: string): number {
  const pieces = text.match(PIECES) ?? [];
  return pieces.reduce((sum, piece) => sum + (piece.startsWith('\u001b') ? 0 : widthOf(piece)), 0);
}

function widthOf(piece: string): number {
  if (NARROWLESS.test(piece)) return 0;
  return WIDE.test(piece) ? 2 : 1;
}
