import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ERROR_TABLES, exampleErrors } from '../../scripts/docs/error-tables.ts';
import { TOOLS } from '../../src/app/server/tools.ts';
import { hintForTerminal } from '../../src/core/caller/facts/step-texts.ts';
import { errorObject } from '../../src/core/faces/mcp/define-tool.ts';
import { CLI_ERRORS } from '../../src/core/faces/terminal/cli-errors.ts';
import { Output } from '../../src/core/faces/terminal/output.ts';
import type { SamocodeError } from '../../src/core/kernel/errors.ts';

const EXAMPLES = exampleErrors();

const onOneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

/** As printed on a terminal. */
function terminalLines(error: SamocodeError): string {
  const stderr = new PassThrough();
  const output = new Output({
    stdout: stderr,
    stderr,
    colourful: false,
    json: false,
    formatHint: hintForTerminal,
  });
  output.error(error);
  return String(stderr.read());
}

// Each sentence is in docs/errors.md, which is generated from the same tables: this only tests that both interfaces say
// all of it.
test.each(EXAMPLES)('a tool and a terminal print everything that the page says about $code', (error) => {
  const object = errorObject(error);
  const terminal = onOneLine(terminalLines(error));
  const sentences = [error.what, error.why].filter((words) => words !== '').map(onOneLine);
  expect(sentences.filter((words) => !onOneLine(object.message).includes(words))).toEqual([]);
  expect(sentences.filter((words) => !terminal.includes(words))).toEqual([]);
  expect(object.hint).toContain(error.modelHint);
  expect(terminal).toContain(onOneLine(error.hint));
});

test('a next step is a call for a model and a command for a person', () => {
  const error = EXAMPLES.find(({ code }) => code === 'archived');
  expect(error && errorObject(error).hint).toBe('If the user wants it: finish_session (how: unarchive).');
  expect(error && terminalLines(error)).toBe(
    '✘ Nothing was changed.\n  The session is in the archive.\n  Next: samocode unarchive <session>\n',
  );
});

test.each(EXAMPLES)('$code says what happened and why, for any arguments', (error) => {
  const words = `${error.what} ${error.why} ${error.hint}`;
  expect(words).not.toMatch(/NaN|undefined|\[object|=>/);
  expect(error.what).not.toBe('');
});

/** Refusals of a model or script, which persons never get. */
const FOR_MODELS = [
  ...['import_needs_person', 'answers_need_person', 'code_needs_person', 'needs_person', 'person_accepts'],
  ...[
    'kept_for_person',
    'limits_closed',
    'person_needed',
    'pool_needs_person',
    'token_needs_person',
    'quick_issue_needs_person',
    'quick_unanswered',
    'chat_unnamed',
    'not_shown',
  ],
  ...['chat_ambiguous', 'from_alone', 'only_there', 'program_replaced', 'project_needed', 'read_only'],
];

test.each(EXAMPLES.filter(({ code }) => !FOR_MODELS.includes(code)))(
  '$code speaks to a person, who is no model that has a user',
  (error) => {
    expect(terminalLines(error)).not.toMatch(/\b(?:the user|user's|this call|with replace|project_dir)\b/i);
  },
);

test('every table of src is documented', async () => {
  const src = join(import.meta.dirname, '../../src');
  const names = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join(src, name), 'utf8')));
  const tables = texts.flatMap((text) =>
    [...text.matchAll(/export const (\w+) = errors\(/g)].map(([, name]) => name),
  );
  expect(Object.keys(ERROR_TABLES).sort()).toEqual(tables.sort());
});

/** Errors that are shown only at a terminal, or only to a tool's caller; they may name commands or tools. */
const FOR_ONE_READER = new Set([
  ...[CLI_ERRORS, ERROR_TABLES.INSTALL_ERRORS, ERROR_TABLES.WEB_ERRORS].flatMap(Object.keys),
  // A pool is joined in a terminal; no tool does that.
  ...Object.keys(ERROR_TABLES.POOL_ERRORS),
  // Only a person in a terminal has recurring sessions.
  ...Object.keys(ERROR_TABLES.RECURRING_ERRORS),
  ...['only_there', 'pool_takes_over', 'project_needed'],
]);
const NAMES = TOOLS.map(({ name }) => name).filter((name) => name !== 'wait');
const NAMED = new RegExp(`\\b(?:${NAMES.join('|')}|project_dir|init_repository)\\b|"samocode `);

test.each(EXAMPLES.filter(({ code }) => !FOR_ONE_READER.has(code)))(
  '$code names tools and commands only as next steps',
  ({ what, why, hint }) => {
    expect([what, why, hint].filter((words) => NAMED.test(words))).toEqual([]);
  },
);
