import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutToColumns, hanging } from '../../../../../src/core/faces/terminal/columns.ts';
import { asItIs, Output, type Stream } from '../../../../../src/core/faces/terminal/output.ts';
import { SamocodeError } from '../../../../../src/core/kernel/errors.ts';
import { ANY_HIDDEN, HIDING, JOINED_TEXTS } from '../../../../support/hidden-characters.ts';

function lost(what: string, why: string, hint: string): SamocodeError {
  return new SamocodeError('lost', {}, { what, why, hint });
}

function newOutput({ json = false, isTTY = false, colourful = false } = {}) {
  let text = '';
  const stream: Stream = new PassThrough().on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8');
  });
  stream.isTTY = isTTY;
  stream.columns = 20;
  const output = new Output({ stdout: stream, stderr: stream, colourful, json, wrap: hanging });
  return { output, written: () => text };
}

test('with --json the object is the only thing on stdout', () => {
  const { output, written } = newOutput({ json: true });
  output.say('words');
  output.live(['block'], cutToColumns);
  output.result({ a: 1 }, () => 'words');
  expect(JSON.parse(written())).toEqual({ a: 1 });
});

test('fields are printed in snake_case; names that are data, and what is kept as it is, are not changed', () => {
  const { output, written } = newOutput({ json: true });
  const settings = { MAX_PARALLEL: 3, 'src/myFile.ts': { isNew: true } };
  output.result(
    { costUsd: 1, list: [{ isDone: false }], settings, proof: asItIs({ doneAt: 'x' }) },
    () => '',
  );
  expect(JSON.parse(written())).toEqual({
    cost_usd: 1,
    list: [{ is_done: false }],
    settings: { MAX_PARALLEL: 3, 'src/myFile.ts': { is_new: true } },
    proof: { doneAt: 'x' },
  });
});

test('a live block is drawn only on a terminal', () => {
  const { output, written } = newOutput();
  output.live(['one'], cutToColumns);
  expect(written()).toBe('');
});

test('a message replaces the live block', () => {
  const { output, written } = newOutput({ isTTY: true });
  output.live(['one', 'two'], cutToColumns);
  output.say('said');
  expect(written().endsWith('\r\u001b[1A\u001b[J\u001b[?25hsaid\n')).toBe(true);
});

test('no live line is wider than the terminal', () => {
  const { output, written } = newOutput({ isTTY: true });
  output.live(['x'.repeat(100)], cutToColumns);
  expect(written()).toContain(`${'x'.repeat(18)}…\u001b[K`);
});

test('an expected error is printed in its three sentences', () => {
  const { output, written } = newOutput();
  output.error(lost('It is lost.', 'Nobody looked.', 'Look.'));
  expect(written()).toBe('✘ It is lost.\n  Nobody looked.\n  Look.\n');
});

test('on a terminal an error breaks between words, and through a pipe nowhere', () => {
  const why = 'Nobody has read the file /harbour/boats.txt yet.';
  const terminal = newOutput({ isTTY: true });
  terminal.output.error(lost('It is lost.', why, ''));
  expect(terminal.written()).toBe(
    '✘ It is lost.\n  Nobody has read\n  the file\n  /harbour/boats.txt\n  yet.\n',
  );
  const pipe = newOutput();
  pipe.output.error(lost('It is lost.', why, ''));
  expect(pipe.written()).toContain(why);
});

test('a bug shows its stack', () => {
  const { output, written } = newOutput();
  output.error(new Error('oh'));
  expect(written()).toContain('output.test.ts');
});

const STEERING = [
  '\u001b]0;title\u0007',
  '\u001b[2J',
  '\u001b[8m',
  '\u009b2J',
  '\u202e',
  '\r',
  '\b',
  '\u001b',
];
const foreign = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...STEERING)) });
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are the subject
const COLOURS = /\u001b\[(?:0|1|2|22|31|32|33|36|39)m/g;
const MOVES = /\u001b\[(?:\?25l|K|J)/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: control characters are the subject

test.each([true, false])(
  'no text contains foreign control sequences, whoever wrote it and however it is printed',
  (colourful) => {
    fc.assert(
      fc.property(foreign, (text) => {
        const { output, written } = newOutput({ colourful });
        output.say(text);
        output.raw(text);
        output.warn(text);
        output.result({}, () => text);
        output.error(lost(text, text, text));
        output.error(new Error(text));
        const own = written().replace(COLOURS, '');
        expect(own).not.toMatch(CONTROL);
      }),
    );
  },
);

test('a live block moves the cursor only by its own sequences, whatever its lines contain', () => {
  fc.assert(
    fc.property(foreign, (text) => {
      const { output, written } = newOutput({ isTTY: true });
      output.live([text, 'end'], cutToColumns);
      expect(written().match(/\n/g)).toHaveLength(1);
      expect(written().replace(MOVES, '').replace('\n', '')).not.toMatch(CONTROL);
    }),
  );
});

test('a JSON text contains no control sequences either and is read back unchanged', () => {
  fc.assert(
    fc.property(foreign, (text) => {
      const { output, written } = newOutput({ json: true });
      output.result({ text }, () => '');
      expect(written()).not.toMatch(CONTROL);
      expect(JSON.parse(written())).toEqual({ text });
    }),
  );
});

test('no character that hides text or changes its direction reaches a terminal', () => {
  const { output, written } = newOutput({ isTTY: true });
  output.say(HIDING);
  output.raw(HIDING);
  output.warn(HIDING);
  output.result({}, () => HIDING);
  output.error(lost(HIDING, HIDING, HIDING));
  output.error(new Error(HIDING));
  output.live([HIDING], cutToColumns);
  output.endLive();
  output.openScreen();
  output.draw([HIDING], cutToColumns);
  expect(written()).not.toMatch(ANY_HIDDEN);
  expect(written()).toContain('a\\u{e0041}b');
  const json = newOutput({ json: true });
  json.output.result({ HIDING }, () => '');
  expect(json.written()).not.toMatch(ANY_HIDDEN);
  expect(JSON.parse(json.written())).toEqual({ HIDING });
});

test.each(JOINED_TEXTS)('%s is printed as it is', (_of, text) => {
  const { output, written } = newOutput();
  output.say(text);
  expect(written()).toBe(`${text}\n`);
});

test("samocode's own colours are printed, and one that a text left open ends with it", () => {
  const { output, written } = newOutput({ colourful: true });
  const { bold, bad } = output.style;
  output.say(`${bold(bad('red'))} plain`);
  output.say('\u001b[32mgreen for ever');
  expect(written()).toBe(`${bold(bad('red'))} plain\n\u001b[32mgreen for ever\u001b[0m\n`);
  expect(stripVTControlCharacters(written())).toBe('red plain\ngreen for ever\n');
});

test('prose is wrapped only on a terminal: files and pipes are searched line by line', () => {
  expect(newOutput({ isTTY: true }).output.textColumns).toBe(20);
  expect(newOutput().output.textColumns).toBe(Number.POSITIVE_INFINITY);
});
