import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ERROR_TABLES, exampleErrors } from '../../scripts/docs/error-tables.ts';
import type { SamocodeError } from '../../src/base/errors.ts';
import { hintForTerminal } from '../../src/cli/rendering/next-commands.ts';
import { CLI_ERRORS } from '../../src/cli/terminal/cli-errors.ts';
import { Output } from '../../src/cli/terminal/output.ts';
import { errorObject } from '../../src/server/calls/define-tool.ts';
import { TOOLS } from '../../src/server/tools/index.ts';

const EXAMPLES = exampleErrors();

/** As a terminal shows it. */
function terminalLines(error: SamocodeError): string {
  const stderr = new PassThrough();
  const output = new Output({
    stdout: stderr,
    stderr,
    colourful: false,
    json: false,
    hintWords: hintForTerminal,
  });
  output.error(error);
  return String(stderr.read());
}

test('both faces of every error are as recorded', async () => {
  const faces = EXAMPLES.map((error) => `${JSON.stringify(errorObject(error))}\n${terminalLines(error)}`);
  await expect(faces.join('\n')).toMatchFileSnapshot('../golden/errors.txt');
});

test.each(EXAMPLES)('$code says what happened and why, whatever its arguments are', (error) => {
  const words = `${error.what} ${error.why} ${error.hint}`;
  expect(words).not.toMatch(/NaN|undefined|\[object|=>/);
  expect(error.what).not.toBe('');
});

test('every table of src is documented', async () => {
  const src = join(import.meta.dirname, '../../src');
  const names = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join(src, name), 'utf8')));
  const tables = texts.flatMap((text) =>
    [...text.matchAll(/export const (\w+) = errors\(/g)].map(([, name]) => name),
  );
  expect(Object.keys(ERROR_TABLES).sort()).toEqual(tables.sort());
});

/** Those tables are only read at a terminal. */
const FOR_TERMINALS = new Set([...Object.keys(CLI_ERRORS), ...Object.keys(ERROR_TABLES.INSTALL_ERRORS)]);
const NAMES = TOOLS.map(({ name }) => name).filter((name) => name !== 'wait');
const NAMED = new RegExp(`\\b(?:${NAMES.join('|')}|project_dir|init_repository)\\b|"samocode `);

test.each(EXAMPLES.filter(({ code }) => !FOR_TERMINALS.has(code)))(
  '$code names tools and commands only as next steps',
  ({ what, why, hint }) => {
    expect([what, why, hint].filter((words) => NAMED.test(words))).toEqual([]);
  },
);
