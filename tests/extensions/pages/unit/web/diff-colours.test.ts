import { expect, test } from 'vitest';
import PAGE from '../../../../../src/extensions/pages/html/page.css';
import DIFF from '../../../../../src/extensions/pages/web/client/diff.css';
import { TOKEN_KINDS } from '../../../../../src/extensions/pages/web/diff/colours/tokens-of.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** The colours that the style sheets name, in a scheme: of the page, and of tokens. */
function coloursIn(scheme: 'light' | 'dark'): (name: string) => Colour {
  return (name) => {
    const token = `(?:--${name}: |\\.${name} \\{\\s*color: )`;
    const both = new RegExp(`${token}light-dark\\((\\S+), (\\S+)\\);`).exec(`${PAGE}\n${DIFF}`);
    const hex = (both?.[scheme === 'dark' ? 2 : 1] ?? '').slice(1);
    const digits = hex.length === 3 ? [...hex].flatMap((digit) => [digit, digit]).join('') : hex;
    const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = [0, 2, 4].map((at) =>
      Number.parseInt(digits.slice(at, at + 2), 16),
    );
    return [red, green, blue];
  };
}

/** Of the colour over another, by the share that the style sheet gives to the marks of what differs. */
function marked([red, green, blue]: Colour, below: Colour): Colour {
  const [, percent] = /ins \{\s*background: color-mix\(in srgb, var\(--good\) (\d+)%/.exec(DIFF) ?? [];
  const over = (one: number, other: number) =>
    (one * Number(percent) + other * (100 - Number(percent))) / 100;
  return [over(red, below[0]), over(green, below[1]), over(blue, below[2])];
}

/** The relative luminance and the contrast of WCAG. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

test.each(['light', 'dark'] as const)(
  '%s, each colour of a token is readable on each background',
  (scheme) => {
    const of = coloursIn(scheme);
    const backgrounds = {
      unchanged: of('card'),
      added: of('good-bg'),
      removed: of('bad-bg'),
      'marked as added': marked(of('good'), of('good-bg')),
      'marked as removed': marked(of('bad'), of('bad-bg')),
    };
    const rows = Object.keys(TOKEN_KINDS).flatMap((kind) =>
      Object.entries(backgrounds).map(([name, background]) => ({
        pair: `${kind}, ${name}`,
        contrast: contrast(of(`t-${kind}`), background),
      })),
    );
    expect(rows.filter((row) => !(row.contrast >= 4.5))).toEqual([]);
  },
);
