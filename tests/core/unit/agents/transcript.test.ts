import { expect, test } from 'vitest';
import { claude } from '../../../../src/core/agents/claude/claude.ts';
import { codex } from '../../../../src/core/agents/codex/codex.ts';
import { gemini } from '../../../../src/core/agents/gemini/gemini.ts';
import { entriesFor, transcriptLines, transcriptOf } from '../../../../src/core/agents/reading/transcript.ts';
import { cliSamples } from '../../../support/cli-samples.ts';

const DIALECTS = { claude, codex, gemini };
type Dialect = keyof typeof DIALECTS;

const RECORDINGS = [
  ['claude', 'claude-2.1.328'],
  ['claude', 'claude-2.1.197'],
  ['codex', 'codex-0.169.0'],
  ['gemini', 'gemini-0.61.0'],
] as const;

function linesOf(dialect: Dialect, folder: string, name: string): string[] {
  const sample = cliSamples(folder).find((each) => each.name === name);
  return transcriptLines((sample?.lines ?? []).flatMap((line) => transcriptOf(DIALECTS[dialect], line)));
}

test('a run of Codex is shown as text, calls and their results', () => {
  expect(linesOf('codex', 'codex-0.169.0', 'failing-command')).toEqual([
    '• Shell: echo out; echo err >&2; exit 3',
    '  └ out',
    '    err',
    'end',
  ]);
  expect(linesOf('codex', 'codex-0.169.0', 'apply-patch')).toEqual([
    expect.stringMatching(/^• Write: .*patched\.txt$/),
    'patched',
  ]);
});

test('a run of Gemini CLI is shown in the same way, and a failed tool is reported', () => {
  const lines = linesOf('gemini', 'gemini-0.61.0', 'success-yolo');
  expect(lines).toEqual(
    expect.arrayContaining([
      '— starts with gemini-2.5-pro',
      expect.stringMatching(/^• run_shell_command: echo hello/),
      '  └ cwd=0',
      expect.stringMatching(/^ {2}└ Path not in workspace/),
    ]),
  );
});

test('the actions of a Claude Code subagent are indented', () => {
  const lines = linesOf('claude', 'claude-2.1.328', 'subagent-bg-disabled');
  expect(lines.some((line) => line.startsWith('    '))).toBe(true);
  expect(lines.some((line) => line.startsWith('• '))).toBe(true);
});

test('calls are one line and results a few, however long they were', () => {
  const [call = expect.fail()] = entriesFor({ kind: 'called', tool: 'Bash', about: 'x\n'.repeat(5000) });
  expect(transcriptLines([call])).toHaveLength(1);
  expect(call.text.length).toBeLessThanOrEqual(200);
  const text = Array.from({ length: 1000 }, (_, index) => `line ${index}`).join('\n');
  const returned = entriesFor({ kind: 'returned', count: 1, outputs: () => [{ text }] });
  expect(transcriptLines(returned).at(-1)).toBe('    … 996 more lines');
  expect(entriesFor({ kind: 'said', text: 'a'.repeat(100_000) })[0]?.text.length).toBeLessThanOrEqual(4000);
});

test('pieces of one sentence are joined', () => {
  const pieces = ['I look at', ' the plan', ', then I work.'].map((content) =>
    JSON.stringify({ type: 'message', role: 'assistant', content, delta: true }),
  );
  expect(transcriptLines(pieces.flatMap((line) => transcriptOf(gemini, line)))).toEqual([
    'I look at the plan, then I work.',
  ]);
});

test.each(RECORDINGS)('every recording of %s (%s) can be read, in bounded lines', (dialect, folder) => {
  for (const { lines } of cliSamples(folder)) {
    const entries = lines.flatMap((line) => transcriptOf(DIALECTS[dialect], line));
    expect(entries.every(({ text }) => text.length <= 4000)).toBe(true);
  }
});
