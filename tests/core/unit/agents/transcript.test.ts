import { expect, test } from 'vitest';
import { claude } from '../../../../src/core/agents/claude/claude.ts';
import { CLAUDE_TOOLS } from '../../../../src/core/agents/claude/claude-tools.ts';
import { codex } from '../../../../src/core/agents/codex/codex.ts';
import type { Provider } from '../../../../src/core/agents/contract/provider.ts';
import { gemini } from '../../../../src/core/agents/gemini/gemini.ts';
import { judgePrinted } from '../../../../src/core/agents/reading/offered-tools.ts';
import { entriesFor, transcriptLines, transcriptOf } from '../../../../src/core/agents/reading/transcript.ts';
import { allProviders } from '../../../../src/core/agents/registry.ts';
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

const { work, documents } = CLAUDE_TOOLS.offered;
const VERSION = '2.1.400';
const without = (...names: string[]) => work.filter((name) => !names.includes(name));
const SKIP = 'skip' as const;
const judged = (phase: 'investigation' | 'implementation', tools: readonly string[] | undefined) =>
  judgePrinted(claude, { phase, permissions: SKIP }, { version: VERSION, ...(tools && { tools }) });

const NO_BASH = /^Claude Code 2\.1\.400 offers its agent no Bash\. .*2\.1\.197 to 2\.1\.332/;
const NO_EDITOR = /^Claude Code 2\.1\.400 offers its agent no Edit or Write\./;

test.each([
  ['the tools that were asked for', 'implementation', [...work], undefined],
  ['those of a document phase', 'investigation', [...documents], undefined],
  ['those of servers too', 'implementation', [...work, 'mcp__tickets__close'], undefined],
  ['no list at all', 'implementation', undefined, undefined],
  ['no shell for documents', 'investigation', documents.filter((name) => name !== 'Bash'), 'warning'],
  ['one way to edit', 'implementation', without('Write'), 'warning'],
  ['a tool that no table has', 'implementation', [...work, 'Teleport'], 'warning'],
  ['a closed tool', 'implementation', [...work, 'SendMessage'], 'warning'],
  ['no shell', 'implementation', without('Bash'), 'unfit'],
  ['no way to edit', 'implementation', without('Edit', 'Write'), 'unfit'],
  ['nothing', 'implementation', [], 'unfit'],
] as const)('an agent that is offered %s in %s: %#', (_what, phase, tools, verdict) => {
  expect(Object.keys(judged(phase, tools))).toEqual(verdict === undefined ? [] : [verdict]);
});

test('the verdict names the version, what is there, what is missing, and what to do', () => {
  expect(judged('implementation', without('Bash')).unfit).toMatch(NO_BASH);
  expect(judged('implementation', without('Edit', 'Write')).unfit).toMatch(NO_EDITOR);
  expect(judged('implementation', [...without('WebSearch'), 'Teleport']).warning).toMatch(
    /^Claude Code 2\.1\.400 does not offer WebSearch, and offers Teleport, which samocode did not ask for\. /,
  );
});

test('names are shown as text, and no more than ten of them', () => {
  const odd = Array.from({ length: 12 }, (_, at) => `Odd\u202e${at}`);
  const { warning = '' } = judged('implementation', [...work, ...odd, 'x'.repeat(500)]);
  expect(warning).toContain(String.raw`Odd\u202e9 and 3 more`);
  expect(warning).not.toContain('\u202e');
});

test('a CLI that prints no tools is not judged', () => {
  const silent: Provider = { ...claude, tools: { ...CLAUDE_TOOLS, needed: undefined } };
  expect(judgePrinted(silent, { phase: 'implementation', permissions: SKIP }, { tools: [] })).toEqual({});
});

test.each([
  ['auto', 'implementation', true],
  ['default', 'implementation', false],
  [undefined, 'implementation', false],
  // Its agents work as with PERMISSIONS=allow.
  ['dontAsk', 'investigation', true],
] as const)('a mode of %s in %s of a reviewed session fits: %s', (mode, phase, fits) => {
  const printed = { version: VERSION, cliSession: 'x', model: 'claude-sonnet-4-5', mode };
  const asked = { phase, permissions: 'auto' } as const;
  const { unfit } = judgePrinted(claude, asked, printed);
  expect(unfit === undefined).toBe(fits);
  if (mode === 'default')
    expect(unfit).toBe(
      'Claude Code 2.1.400 works in the mode default instead of auto, so nothing would be reviewed: claude-sonnet-4-5 or its settings do not allow that mode. Set another MODEL, or PERMISSIONS=allow.',
    );
  expect(judgePrinted(claude, asked, { version: VERSION })).toEqual({});
  expect(judgePrinted(claude, { ...asked, permissions: SKIP }, printed)).toEqual({});
});

test.each(allProviders().flatMap(({ name, tools }) => (tools ? [[name, tools] as const] : [])))(
  'every tool of %s is either offered or not, and a reason is a sentence',
  (_name, { offered, closed, unclosable = {}, needed = [] }) => {
    const given = new Set([...offered.work, ...offered.documents]);
    const reasons = { ...closed, ...unclosable };
    expect(Object.keys(reasons).filter((tool) => given.has(tool))).toEqual([]);
    expect(Object.keys(closed).filter((tool) => Object.hasOwn(unclosable, tool))).toEqual([]);
    for (const reason of Object.values(reasons)) expect(reason).toMatch(/^[A-Z].*\.$/);
    for (const group of needed) expect(offered.work).toEqual(expect.arrayContaining([...group]));
  },
);
