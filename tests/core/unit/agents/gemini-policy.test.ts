import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { geminiPolicy } from '../../../../src/core/agents/gemini/gemini-policy.ts';

const Policy = z.object({
  rule: z.array(
    z.object({
      toolName: z.string(),
      decision: z.string(),
      priority: z.number(),
      argsPattern: z.string().optional(),
    }),
  ),
});
const sessionDir = '/sessions (old) [1]/26-01-08-a.b';

const rulesOf = (phase: 'planning' | 'implementation') =>
  Policy.parse(parse(geminiPolicy({ phase, sessionDir }))).rule;

/** As Gemini CLI matches a call against a rule: each argument as JSON between two zero bytes. */
function decisionOf(toolName: string, args: object): string {
  const text = Object.entries(args)
    .map(([name, value]) => `\0${JSON.stringify(name)}:${JSON.stringify(value)}\0`)
    .join(',');
  const fitting = rulesOf('planning').filter(
    ({ toolName: tool, argsPattern = '' }) => tool === toolName && new RegExp(argsPattern).test(`{${text}}`),
  );
  return fitting.sort((one, other) => other.priority - one.priority)[0]?.decision ?? 'none';
}

test.each([
  [`${sessionDir}/_signal.json`, true],
  [`${sessionDir}/01-08-1000-plan-login.md`, true],
  [`${sessionDir}/../26-01-07-other/_signal.json`, false],
  ['/sessions (old) [1]/26-01-08-axb/_signal.json', false],
  ['/worktree/src/a.ts', false],
  ['src/a.ts', false],
])('in a document phase %s may be written: %s', (path, isGranted) => {
  const wanted = isGranted ? 'allow' : 'none';
  expect(decisionOf('write_file', { content: `"file_path":"${sessionDir}/x"`, file_path: path })).toBe(
    wanted,
  );
  expect(decisionOf('replace', { file_path: path })).toBe(wanted);
});

test.each([
  ['git log --oneline -5', true],
  ['git log -S foo -- src', true],
  ['git show HEAD~1:src/a.ts', true],
  ["grep -rn 'a = 1' src", true],
  ['ls', true],
  ['git log --output=x', false],
  ['git log --out"put"=x', false],
  ["git log '--output=x'", false],
  ['git grep -Ovim a', false],
  ['git grep -nOvim a', false],
  ['git diff --no-ext-diff', true],
  ["grep -rn 'sub-total: a\\.b' src", true],
  ['git grep --open-files-in-pager=vim a', false],
  ['git diff --ext-diff', false],
  ['rg --pre cat a', false],
  ['git commit -m x', false],
  ['git logger', false],
  ['lsof', false],
  ['npm test', false],
  ['echo "command":"ls "', false],
])('in a document phase the command %s is allowed by its text: %s', (command, isGranted) => {
  const decision = decisionOf('run_shell_command', { command, description: '"command":"ls "' });
  expect(decision === 'allow').toBe(isGranted);
});

test.each([
  ['git log HEAD\t--output=x', 'deny'],
  ['git log HEAD \\\n--output=x', 'deny'],
  ['git log HEAD$IFS--output=x', 'deny'],
  [`git log \${x:---output=x}`, 'deny'],
  ["git log $'\\x2d-output=x'", 'deny'],
  ['git log {HEAD,--output=x}', 'deny'],
  ['git grep {-n,-Ovim} a', 'deny'],
  ['uniq src/a.ts src/b.ts', 'deny'],
  ['uniq -c src/a.ts src/b.ts', 'deny'],
  ['uniq -c', 'ask_user'],
  ["find . -name '*.ts'", 'ask_user'],
  ['git log -1\necho "---"\ngit status', 'ask_user'],
  ['git log HEAD@{1}', 'allow'],
  ['git show HEAD^{tree}', 'allow'],
])("%s reaches Gemini CLI's own list: %s", (command, decision) => {
  expect(decisionOf('run_shell_command', { command, description: '{$' })).toBe(decision);
});

test('Gemini CLI accepts every pattern, and a work phase has none', () => {
  const patterns = rulesOf('planning').flatMap(({ argsPattern }) => argsPattern ?? []);
  expect(patterns).toHaveLength(4);
  // It refuses the file for a pattern that is too long or may run forever.
  for (const pattern of patterns) {
    expect(pattern.length).toBeLessThan(2048);
    expect(pattern).not.toMatch(/\([^)]*[*+?{].*\)[*+?{]/);
  }
  expect(rulesOf('implementation').filter(({ argsPattern }) => argsPattern !== undefined)).toEqual([]);
});
