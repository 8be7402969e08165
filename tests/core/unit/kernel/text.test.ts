import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestName } from '../../../../src/core/kernel/nearest-name.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { saidBy, withoutSecrets } from '../../../../src/core/kernel/said.ts';
import { shellQuoted, shellWord } from '../../../../src/core/kernel/shell-quoted.ts';
import {
  agreedText,
  cleanText,
  cut,
  shownText,
  visibleControls,
  visibleInJson,
} from '../../../../src/core/kernel/text.ts';
import { OutputEnd } from '../../../../src/core/project/proving/project-command.ts';
import { inlineMaterial, material } from '../../../../src/core/session/documents/material.ts';
import { ci } from '../../../support/ci.ts';
import {
  ANY_HIDDEN,
  HIDDEN_CHARACTERS,
  HIDING,
  inTags,
  JOINED_TEXTS,
} from '../../../support/hidden-characters.ts';
import { ORDINARY_NAMES, SECRET_NAMES } from '../../../support/secret-names.ts';

test.each([
  ['terminal colours', '\u001b[31mred\u001b[0m', 'red'],
  ['the title of a terminal window', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a lone escape', 'a\u001b', 'a\ufffd'],
  ['other controls', 'a\u0000b\u0008c\u007fd\u009be', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
  ['marks that change the direction of writing', 'a\u202eb\u2066c', 'a\ufffdb\ufffdc'],
  ['foreign line endings', 'a\r\nb\rc', 'a\nb\nc'],
])("a person's text is kept without %s", (_, given, plain) => {
  expect(cleanText(given)).toBe(plain);
});

test.each(['two\nlines\tand a tab', 'שלום\u200f!', 'zażółć 👩‍👧 一', ''])(
  '%j is kept as it was written',
  (text) => {
    expect(cleanText(text)).toBe(text);
  },
);

test('a control character is shown as its escape, so that names stay distinguishable', () => {
  expect(visibleControls('x\u001b[31m\u202e')).toBe('x\\u001b[31m\\u202e');
  expect(visibleControls('two\nlines\t')).toBe('two\nlines\t');
});

test.each([
  ['npm ci; npm test', 'npm ci; npm test'],
  [`npm ci${' '.repeat(40)}; rm x`, 'npm ci [40 blanks] ; rm x'],
  ['a\tb\u00a0c\u3000d', 'a\\u0009b\\u00a0c\\u3000d'],
  ['a\u001b[8mb\u202ec', 'a\\u001b[8mb\\u202ec'],
])('in text to agree to, %j is shown as %j', (text, shown) => {
  expect(agreedText(text)).toBe(shown);
});

test('every character that is displayed as nothing is shown as its escape', () => {
  expect(visibleControls(HIDING)).not.toMatch(ANY_HIDDEN);
  expect(visibleControls(HIDING).split(' ')).toHaveLength(HIDDEN_CHARACTERS.length);
  expect(visibleControls(`Plan${inTags('go')} \u200b\ufe0f`)).toBe('Plan\\u{e0067}\\u{e006f} \\u200b\\ufe0f');
});

test('whatever text it is in, no hidden character is left between letters', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,3}$/);
  const text = fc
    .array(fc.oneof(fc.constantFrom(...HIDDEN_CHARACTERS), word, fc.constant('🏴')))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, (hiding) => {
      // A variation selector or tags after a flag would be an emoji.
      expect(visibleControls(hiding.replaceAll('🏴', 'x'))).not.toMatch(ANY_HIDDEN);
      expect(visibleControls(hiding)).not.toMatch(/[\u{e0000}-\u{e01ef}]/u);
    }),
  );
});

test('text without hidden characters is unchanged', () => {
  const unit = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
    .filter((one) => !ANY_HIDDEN.test(one));
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(unit, fc.constantFrom('\n', '\t', '\r\n', '\\u200b')) }),
      (text) => {
        fc.pre(!/(?![\t\n\r])\p{Cc}|\r(?!\n)/u.test(text));
        expect(visibleControls(text)).toBe(text);
      },
    ),
  );
});

test.each(JOINED_TEXTS)('%s stays as it is', (_of, text) => {
  expect(visibleControls(text)).toBe(text);
  expect(visibleControls(`${text}${text}`)).toBe(`${text}${text}`);
});

test.each([
  ['after a flag that is none', `🏴${inTags('go')}\u{e007f}`],
  ['after a flag', `🏴${inTags('gbeng')}\u{e007f}${inTags('go')}`],
  ['as selectors after an emoji', '🙂\u{e0101}\u{e0102}'],
])('a sentence that hides %s is shown', (_where, text) => {
  expect(visibleControls(text)).not.toMatch(/[\u{e0000}-\u{e01ef}]$/u);
  expect(visibleControls(text)).toContain('\\u{e0');
});

test('of several selectors or joiners only the first belongs to the emoji or letter', () => {
  expect(visibleControls('❤\ufe0f\ufe0f\ufe0e ن\u200c\u200d\u200c')).toBe(
    '❤\ufe0f\\ufe0f\\ufe0e ن\u200c\\u200d\\u200c',
  );
});

test.each(['x\u061c\u200c', 'x\ufe0f\u200d', 'x\u180b\u200d', '\ufe0f\ufe0f\u200d'])(
  'a joiner after a hidden character is hidden too: %j',
  (text) => {
    expect(visibleControls(text)).not.toMatch(ANY_HIDDEN);
  },
);

test('a JSON text shows hidden characters too, and its value stays', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.oneof(fc.constantFrom(...HIDDEN_CHARACTERS), fc.string()) }), (text) => {
      expect(JSON.parse(visibleInJson(JSON.stringify({ text })))).toEqual({ text });
    }),
  );
  expect(visibleInJson(JSON.stringify(HIDING))).not.toMatch(ANY_HIDDEN);
});

test('a text for people has no terminal colours', () => {
  expect(shownText('\u001b[31mred\u001b[0m\r\nend\u0007')).toBe('red\nend\\u0007');
});

test('a text that was cut says so, and no character is cut in half', () => {
  expect(cut('boats', 5)).toBe('boats');
  expect(cut('boats!', 5)).toBe('boat…');
  expect(cut('boa⛵🚤🚤', 6)).toBe('boa⛵…');
});

test.each([
  ['quoted', material('boat 🚤', 6), '> boat\n\n(Shortened.)'],
  ['within a sentence', inlineMaterial('🚤'.repeat(200)), `\`${'🚤'.repeat(149)}…\``],
  ['said', saidBy(`a🚤${'b'.repeat(399)}`), `… ${'b'.repeat(399)}`],
])('of a text that is %s and cut, no half of a character is left', (_, shown, whole) => {
  expect(shown).toBe(whole);
});

const STACK = Array.from({ length: 9 }, (_, at) => `    at async step${at} (/x/pnpm.cjs:${at}:100)`);
const LONG = Array.from({ length: 6 }, (_, at) => `${at} ${'x'.repeat(100)}`);

test.each<[of: string, printed: string[], said: string]>([
  [
    'pnpm',
    ['Progress', ' EROFS  EROFS: read-only file system', ...STACK],
    'Progress / EROFS  EROFS: read-only file system',
  ],
  [
    'node',
    [
      '/x.js:1',
      'throw e;',
      '^',
      '',
      'Error: no boat',
      ...STACK,
      '{',
      'errno: -2,',
      "code: 'ENOENT',",
      '}',
      '',
      'Node.js v20',
    ],
    "Error: no boat / { / errno: -2, / code: 'ENOENT', / } / Node.js v20",
  ],
  [
    'Java',
    [
      'Exception in thread "main" X: a',
      '\tat a.b.C.d(C.java:1)',
      'Caused by: java.io.IOException: full',
      '\tat a.E.f(E.java:2)',
    ],
    'Exception in thread "main" X: a / Caused by: java.io.IOException: full',
  ],
  ['a long end', ['error: no boat', ...LONG], `error: no boat … ${LONG.join(' / ').slice(14 - 400)}`],
  [
    'words that are no stack',
    ['failed', 'at least one boat is missing'],
    'failed / at least one boat is missing',
  ],
])('of what %s prints, the line with the error is quoted and not its stack', (_, printed, said) => {
  expect(saidBy(printed.join('\n'))).toBe(said);
});

const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  ...Array.from({ length: 40 }, (_, at) => `${at}MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${at}`),
  '-----END PRIVATE KEY-----',
].join('\n');

test.each(SECRET_NAMES)('the value of %s is not quoted', (name) => {
  expect(saidBy('failed with correct horse', { [name]: 'correct horse' })).toBe(
    `failed with [removed: ${name}]`,
  );
});

test.each(ORDINARY_NAMES)('an ordinary value of %s is quoted', (name) => {
  expect(saidBy('failed in production', { [name]: 'production' })).toBe('failed in production');
});

test('a key of several lines is not quoted, whether its first or its last lines are there', () => {
  const env = { APP_PRIVATE_KEY: KEY };
  expect(saidBy(`Loaded:\n${KEY}\nRefused.`, env)).toBe('Loaded: / [removed: APP_PRIVATE_KEY] / Refused.');
  expect(saidBy(`${KEY.slice(500)}\nRefused.`, env)).toBe('[removed: APP_PRIVATE_KEY] / Refused.');
  expect(saidBy(`Loaded:\n${KEY.slice(0, 500)}`, env)).toBe('Loaded: / [removed: APP_PRIVATE_KEY]');
});

test('a key that no variable has is not quoted either, nor is the end of one', () => {
  expect(saidBy(`Loaded:\n${KEY}\nRefused.`)).toBe('Loaded: / [removed: token] / Refused.');
  expect(saidBy(`${KEY.slice(500)}\nRefused.`)).toBe('[removed: token] / Refused.');
});

test('a secret with colours in it is found', () => {
  expect(saidBy('key sword\u001b[31mfish12', { API_KEY: 'swordfish12' })).toBe('key [removed: API_KEY]');
});

const endOf = (text: string, env: Record<string, string> = {}) => {
  const end = new OutputEnd(env);
  for (const part of text.match(/[\s\S]{1,1000}/g) ?? []) end.add(Buffer.from(part));
  return end.lastLines;
};

test('of an output whose beginning is not kept, a cut value is not quoted', () => {
  const line = `value=${'s3cret-'.repeat(30)}`;
  const env = { API_KEY: 's3cret-'.repeat(30) };
  expect(endOf(`${line}\n${'x'.repeat(40_850)}`, env)).toBe('x'.repeat(200));
  // Of one line alone, its end: what was before its first characters is not known.
  expect(endOf(`sk-${'aB3'.repeat(20)} ${'x'.repeat(40_930)}`)).toBe('x'.repeat(200));
});

test('a key at the beginning of what is kept is not quoted', () => {
  const many = `${KEY}\n`.repeat(40);
  expect(endOf(`${many}failed`, {})).toMatch(/^(?:\[removed: token\]\n)+failed$/);
});

/** Values of one and of several lines. */
const value = fc
  .array(fc.stringMatching(/^[\w+/=.!äß-]{1,40}$/), { minLength: 1, maxLength: 5 })
  .map((lines) => lines.join('\n'))
  .filter((text) => text.length >= 8);

const windows = (text: string) => Array.from({ length: text.length - 7 }, (_, at) => text.slice(at, at + 8));
const visible = (shown: string) => shown.replaceAll(/\[removed: \w+\]/g, '\n\n');

test('no reader shows eight characters of a secret in sequence, wherever its text is cut', {
  ...ci,
  timeout: 60_000,
}, () => {
  const around = fc.stringMatching(/^[ -~\n]{0,60}$/);
  const scene = fc.record({ value, around, from: fc.nat(100), to: fc.nat(100), pad: fc.nat(300) });
  fc.assert(
    fc.property(scene, ({ value, around, from, to, pad }) => {
      const env = { API_KEY: value };
      const whole = `${around}${value}${around}`;
      const part = whole.slice(Math.min(from, whole.length), Math.max(0, whole.length - to));
      const cut = `${value}${'x'.repeat(40 * 1024 - value.length + 20 - pad)} ${around}`;
      const shown = [
        ...[whole, part].flatMap((text) => [withoutSecrets(text, env), saidBy(text, env), endOf(text, env)]),
        endOf(cut, env),
      ];
      const free = `${around}${'x'.repeat(20)}`;
      const secret = windows(value).filter((each) => !free.includes(each));
      return shown.map(visible).every((text) => !secret.some((each) => text.includes(each)));
    }),
    { numRuns: 500 },
  );
});

test('a shell reads any quoted word unchanged', async () => {
  // No program accepts a NUL in an argument, and lone surrogates do not survive UTF-8.
  const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const words = fc.sample(fc.oneof(word, fc.constantFrom("'", "it's", '$HOME', '`x`', '\n', '"', '')), 100);
  for (const asRead of [shellQuoted, shellWord]) {
    const script = `printf '%s\\0' ${words.map(asRead).join(' ')}`;
    const { stdout } = await runCommand('/bin/sh', ['-c', script], { env: { PATH: process.env.PATH ?? '' } });
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  }
});

test('a word that needs no quotes gets none', () => {
  expect(shellWord('/tmp/samocode-demo-a1/paper_boat')).toBe('/tmp/samocode-demo-a1/paper_boat');
  expect(shellWord('/tmp/my boat')).toBe("'/tmp/my boat'");
});

test.each([
  ['PROVDER', 'PROVIDER'],
  ['provider', 'PROVIDER'],
  ['TIEMOUT', 'TIMEOUT'],
  ['MODELL', 'MODEL'],
])('for %s the suggestion is %s', (written, meant) => {
  expect(nearestName(written, ['PROVIDER', 'MODEL', 'TIMEOUT'])).toBe(meant);
});

test('a name that resembles none has no suggestion', () => {
  expect(nearestName('colour', ['PROVIDER', 'MODEL'])).toBeUndefined();
  expect(nearestName('', ['PROVIDER'])).toBeUndefined();
  expect(nearestName('nope', ['dop2', 'dive'])).toBeUndefined();
});
