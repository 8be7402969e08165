import { expect, test } from 'vitest';
import { DOCUMENT_KINDS, parseDocumentName } from '../../src/core/session/documents/documents.ts';
import { withForms } from '../../src/core/worker/prompt/assemble.ts';
import {
  CLI_NAMES,
  CLI_OPTIONS,
  COMMAND_NAMES,
  inBackticks,
  OUR_NAMES,
  SESSION_FILES,
  SKILL_NAMES,
  TEXTS,
} from './texts.ts';

const ALL = [...TEXTS];
/** Options of the agent CLIs. */
const OF_OTHERS = ['--approval-mode', '--sandbox', '--virtual-time-budget'];

test('the texts of all five folders were found', () => {
  const folders = new Set(ALL.map(([path]) => path.split('/')[0]));
  expect(folders).toEqual(new Set(['workflow', 'agents', 'skills', 'commands', 'prompts']));
  expect(ALL.length).toBeGreaterThan(35);
});

test.each(ALL)('every tool, field and word with an underscore in %s exists in samocode', (_path, text) => {
  const words = inBackticks(text).filter((word) => /^[a-z]+(?:_[a-z]+)+$/.test(word));
  expect(words.filter((word) => !OUR_NAMES.has(word))).toEqual([]);
});

test.each(ALL)('every name with a hyphen in %s is a skill, a command or a document', (_path, text) => {
  const known = new Set([...SKILL_NAMES, ...COMMAND_NAMES, ...Object.keys(DOCUMENT_KINDS)]);
  const words = inBackticks(text).filter((word) => /^[a-z]+(?:-[a-z0-9]+)+$/.test(word));
  expect(words.filter((word) => !known.has(word))).toEqual([]);
});

test.each(ALL)('every skill that %s names as such exists', (_path, text) => {
  const named = [...text.matchAll(/\bskill `([^`]+)`/g)].map((match) => match[1] ?? '');
  expect(named.filter((name) => !SKILL_NAMES.includes(name))).toEqual([]);
});

test.each(ALL)('every command of samocode that %s names exists', (_path, text) => {
  const named = inBackticks(text).flatMap((word) => /^samocode ([a-z]+)/.exec(word)?.[1] ?? []);
  expect(named.filter((name) => !CLI_NAMES.includes(name))).toEqual([]);
});

test.each(ALL)('every option of samocode that %s names exists', (_path, text) => {
  const words = inBackticks(text).filter((word) => /^(?:samocode |--)/.test(word));
  const named = words.flatMap((word) => word.match(/--[a-z][a-z-]*/g) ?? []);
  expect(named.filter((option) => ![...CLI_OPTIONS, ...OF_OTHERS].includes(option))).toEqual([]);
});

test.each(ALL)('every file of a session that %s names exists', (_path, text) => {
  const named = inBackticks(text).flatMap((word) => word.match(/(?<![\w./-])_[a-z_]+(?:\.[a-z]+|\/)/g) ?? []);
  const known = [...SESSION_FILES, '_logs', '_inbox', '_archive'];
  expect(named.filter((name) => !known.includes(name.replace(/\/$/, '')))).toEqual([]);
});

test.each(ALL)('every document that %s says to write has a known kind', (_path, text) => {
  const named = [...text.matchAll(/TIMESTAMP_FILE(-[[\]a-z-]+\.md)/g)].map((match) => match[1] ?? '');
  const unknown = named.filter(
    (rest) => rest !== '-[kind]-[slug].md' && parseDocumentName(`01-08-1437${rest}`)?.kind === undefined,
  );
  expect(unknown).toEqual([]);
});

test.each(ALL)('%s has no tabs, no trailing spaces, no path of a machine', (path, text) => {
  expect(text).not.toMatch(/\t|[ ]+$/m);
  expect(text).not.toMatch(/\/work\/|\/tmp\//);
  expect(text.endsWith('\n'), path).toBe(true);
});

test('agents have places for shared forms alone, and only pages of a whole prompt have others', () => {
  const places = ALL.flatMap(([path, text]) => {
    const filled = path.startsWith('agents/') ? withForms(text) : text;
    return /\{\{\w+\}\}/.test(filled) ? [path] : [];
  });
  expect(places.sort()).toEqual([
    'workflow/contract.md',
    'workflow/iteration.md',
    'workflow/overview.md',
    'workflow/signal.md',
  ]);
});
