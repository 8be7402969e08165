import fc from 'fast-check';
import { expect, test } from 'vitest';
import { saidBy, withoutSecrets } from '../../../../src/core/kernel/said.ts';
import { OutputEnd } from '../../../../src/core/project/proving/project-command.ts';
import { ci } from '../../../support/ci.ts';
import { ORDINARY_NAMES, SECRET_NAMES } from '../../../support/secret-names.ts';

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
