import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claude } from '../src/core/agents/claude/claude.ts';
import { newClaudeReader } from '../src/core/agents/claude/claude-stream.ts';
import { codex } from '../src/core/agents/codex/codex.ts';
import { gemini } from '../src/core/agents/gemini/gemini.ts';
import { readPrices } from '../src/core/agents/prices.ts';
import { transcriptOf } from '../src/core/agents/reading/transcript.ts';
import { diffLines } from '../src/core/caller/facts/line-comments.ts';
import { chatInMeta, foldersInMeta } from '../src/core/faces/mcp/call-meta.ts';
import { coerceArguments } from '../src/core/faces/mcp/define-tool.ts';
import { formatMarkdown } from '../src/core/faces/terminal/markdown.ts';
import { makeStyle } from '../src/core/faces/terminal/style.ts';
import { systemClock } from '../src/core/kernel/clock.ts';
import { nearestName } from '../src/core/kernel/nearest-name.ts';
import { parseJson } from '../src/core/kernel/parse-json.ts';
import { parseStat } from '../src/core/kernel/processes/process-table.ts';
import { readKnownProjects } from '../src/core/project/finding/known-projects.ts';
import { proposedCommands } from '../src/core/project/finding/proposed-commands.ts';
import { isTrusted, trustFile } from '../src/core/project/finding/trust.ts';
import { parseStatus } from '../src/core/project/git/status-entries.ts';
import { parseWorktreeList } from '../src/core/project/git/worktree-list.ts';
import { findWeakened } from '../src/core/project/proving/weakened.ts';
import { readSettings } from '../src/core/project/settings/read-settings.ts';
import { parseSamocodeFile, samocodeLine } from '../src/core/project/settings/samocode-file.ts';
import { type FileChange, numstatTo } from '../src/core/project/worktrees/changes.ts';
import { readCommand } from '../src/core/session/commands/commands.ts';
import { planHash } from '../src/core/session/documents/plan.ts';
import { planServers } from '../src/core/session/documents/plan-servers.ts';
import { parseLedger, withLedger, withStates } from '../src/core/session/documents/requirements.ts';
import { readProof } from '../src/core/session/proof/proof.ts';
import { readPrompt } from '../src/extensions/rehearsal/agent/read-prompt.ts';
import { parseSettingsFile } from '../src/extensions/setup/install/settings-file.ts';
import { type Property, property } from './core/properties/property.ts';
import { documentOf } from './core/properties/texts.ts';
import { tempDir } from './support/temp-dir.ts';

const RUNS = Number(process.env.SAMOCODE_PROPERTY_RUNS ?? 100);

/** Reads anything, and holds what it read to `check`. */
function parser<T, R>(
  name: string,
  input: fc.Arbitrary<T>,
  read: (input: T) => R,
  check: (reading: R, input: T) => void = () => undefined,
): Property {
  return property(name, input, (given) => {
    check(read(given), given);
  });
}

/** The same for a file in a home folder. */
function fileParser<R>(
  name: string,
  pathIn: (home: string) => string | Promise<string>,
  read: (home: string) => Promise<R>,
  check: (reading: R, text: string) => void,
): Property {
  async function run(numRuns: number): Promise<void> {
    await using home = await tempDir();
    const path = await pathIn(home.path);
    await mkdir(dirname(path), { recursive: true });
    const reading = fc.asyncProperty(textOrJson, async (text) => {
      await writeFile(path, text);
      check(await read(home.path), text);
    });
    await fc.assert(reading, { numRuns });
  }
  return { name, run };
}

const grapheme = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 });
const textOrJson = fc.oneof(fc.string(), fc.json());
const pieces = (...all: string[]) =>
  fc.array(fc.oneof(fc.string(), fc.constantFrom(...all))).map((some) => some.join(''));
const orLike = (almost: fc.Arbitrary<string>) => fc.oneof(textOrJson, almost);
const linesLike = (type: readonly string[], ...fields: string[]) => {
  const values = Object.fromEntries(fields.map((field) => [field, fc.jsonValue()]));
  return orLike(fc.record({ type: fc.constantFrom(...type), ...values }).map((line) => JSON.stringify(line)));
};

/** Every valid value is read as it was given. */
const isSame = (reading: unknown, given: unknown) => expect(reading).toEqual(given);
const isList = (reading: unknown) => expect(Array.isArray(reading)).toBe(true);
function filesIn(text: string): FileChange[] {
  const files: FileChange[] = [];
  const take = numstatTo((file) => files.push(file));
  for (const record of text.split('\0')) take(record);
  return files;
}

const havePaths = (all: readonly { path: string }[]) =>
  expect(all.every(({ path }) => path !== '')).toBe(true);

const CLAUDE_FIELDS = ['subtype', 'message', 'rate_limit_info', 'modelUsage', 'permission_denials', 'result'];
const LOG_TYPES = ['assistant', 'user', 'system', 'result', 'item.completed', 'error', 'message', 'tool_use'];
const SCHEMA = {
  type: 'object',
  properties: {
    ...{ count: { type: 'integer' }, flag: { type: 'boolean' } },
    ...{ answers: { type: 'object' }, name: { type: 'string' } },
  },
} as const;
const anyArguments = fc.record({ count: fc.anything(), flag: fc.anything(), answers: fc.anything() });
const STAT = '42 (a (b) c) S 7 42 40 0 -1 4194304 1 0 0 0 11 5 0 0 20 0 1 0 987654 1 2 3';
const keys = 'PROVIDER MODEL MODEL_INIT TIMEOUT CHECK GATES MAIN_REPO __proto__'.split(' ');
const setting = fc.tuple(fc.constantFrom(...keys), fc.string()).map((pair) => pair.join('='));
const settingTexts = fc.array(fc.oneof(setting, fc.string())).map((lines) => lines.join('\n'));
const SAMOCODE_FILE = '/p/.samocode';
const HASH = 'a'.repeat(64);
const TESTS = "test('adds', () => {\n  expect(1 + 1).toBe(2);\n});\ntest('takes', () => {});\n";
const fileText = fc.oneof(fc.string(), fc.constantFrom(TESTS, '{', '[tool.pytest', '/*', '"""'));
const comparedPaths = 'a.test.ts package.json pyproject.toml Makefile src/a.rs x'.split(' ');
const planLine = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('## MCP servers', '### MCP servers', '## Notes', '```', '- [x] browser'),
  fc.constantFrom('- browser', '- a: b "c d"'),
  fc.string().map((words) => `- tickets: ${words}`),
  fc.string().map((words) => `- ${words}`),
);
const planText = fc.array(planLine, { maxLength: 30 }).map((lines) => lines.join('\n'));
/** With spaces, blank lines and a completed phase, for which nobody has to approve a plan again. */
const edited = (plan: string) => `${plan.replaceAll('\n', ' \r\n\r\n')}\n**Phase 1 completed**\n`;
const PROMPT = '**Session path:** /s\n**Working directory:** /w\n**Phase:** testing\n';
const COMMAND = '01KEE000000000000000000001';

const PARSERS: readonly Property[] = [
  parser('JSON', fc.json(), parseJson, (value, text) => expect(value).toEqual(JSON.parse(text))),
  parser(
    'the output of Claude Code',
    linesLike(['system', 'assistant', 'result', 'rate_limit_event', 'user'], ...CLAUDE_FIELDS),
    (line) => newClaudeReader().readLine(line),
    isList,
  ),
  parser(
    'a log of Claude Code, Codex or Gemini CLI',
    fc.tuple(fc.constantFrom(claude, codex, gemini), linesLike(LOG_TYPES, 'message', 'item')),
    ([provider, line]) => transcriptOf(provider, line),
    isList,
  ),
  parser(
    'Markdown for a terminal',
    fc.string({ unit: fc.constantFrom(...'# `*-[x]\n>|\u001b語1.~') }),
    (text) => formatMarkdown(text, { style: makeStyle(false), columns: 40 }),
    (shown) => expect(shown).not.toContain('\u001b'),
  ),
  parser('arguments of a tool', fc.oneof(fc.anything(), anyArguments), (given) =>
    coerceArguments(SCHEMA, given),
  ),
  parser(
    'the metadata of a Codex turn',
    fc.oneof(fc.anything(), fc.record({ workspaces: fc.oneof(fc.array(fc.string()), fc.object()) })),
    (turn) => {
      const meta = { 'x-codex-turn-metadata': turn };
      return { folders: foldersInMeta(meta), chat: chatInMeta(meta) };
    },
    ({ folders }) => expect(folders.every((folder) => folder.startsWith('/'))).toBe(true),
  ),
  parser('settings of a client in TOML', fc.string(), (text) => parseSettingsFile('config.toml', text)),
  parser('settings of a client in JSON', textOrJson, (text) => parseSettingsFile('settings.json', text)),
  parser('a line of /proc', orLike(fc.nat(STAT.length).map((at) => STAT.slice(0, at))), parseStat),
  parser(
    'the status of git',
    pieces('\0', '1 ', '2 ', 'u ', '? ', '# branch.oid '),
    (text) => parseStatus(text.split('\0')),
    ({ entries }, text) => expect(entries.length).toBeLessThanOrEqual(text.length + 1),
  ),
  parser('the worktrees of git', fc.string(), parseWorktreeList, havePaths),
  parser('the statistics of git', pieces('\0', '1\t2\t', '-\t-\tx'), filesIn, havePaths),
  parser(
    'a diff',
    documentOf('diff --git a/x b/x|--- a/x|+++ b/x|@@ -1,2 +1,3 @@| same|-old|+new|\\ No'.split('|')),
    diffLines,
    ({ lines, places }) => {
      expect(places).toHaveLength(lines.length);
      expect(places.every((place) => place === undefined || (place.line ?? 1) >= 0)).toBe(true);
    },
  ),
  parser(
    'settings',
    fc.tuple(settingTexts, settingTexts, fc.dictionary(fc.string(), fc.string())),
    ([file, envFile, env]) =>
      readSettings({
        projectFile: { path: SAMOCODE_FILE, text: file },
        envFile: { path: '/home/me/.config/samocode/.env', text: envFile },
        ...{ env, homeDir: '/home/me' },
      }),
    ({ readings }) => expect(readings.size).toBeGreaterThan(30),
  ),
  parser(
    '.samocode',
    orLike(fc.string({ unit: fc.constantFrom(...'A="#\n\r \uFEFF') })),
    parseSamocodeFile,
    ({ entries, warnings }, text) => {
      const lineCount = text.split(/\r\n|\n|\r/).length;
      for (const { line = 1 } of [...entries, ...warnings]) expect(line).toBeLessThanOrEqual(lineCount);
    },
  ),
  parser(
    'a changed file that may weaken the checks',
    fc.tuple(fc.constantFrom(...comparedPaths), fileText, fileText),
    ([path, before, after]) => findWeakened([{ path, before, after }]),
    isList,
  ),
  parser(
    'a ledger that is added to a plan',
    fc.tuple(orLike(fc.json().map((all) => `{"requirements":[${all}]}`)), fc.string()),
    ([text, plan]) =>
      [parseLedger(text).kind, planHash(withLedger(plan, text)), withStates(text, {})] as const,
    ([kind, hash, states]) => {
      expect(['ledger', 'malformed']).toContain(kind);
      expect(hash).toBeTypeOf('string');
      expect(withStates(states, {})).toBe(states);
    },
  ),
  parser('a proof', orLike(fc.string().map((text) => `{\n${text}`)), readProof, (reading) =>
    expect(['altered', 'none']).toContain(reading.kind),
  ),
  parser('the servers of a plan', planText, planServers, ({ servers }) => {
    for (const { command } of servers) expect(command?.[0] ?? 'ready').toMatch(/^[\w@./+-]+$/);
    expect(JSON.stringify(servers)).not.toMatch(/[$`|;<>]/);
  }),
  parser(
    'the servers of a plan that needs no new approval',
    planText.filter((plan) => planHash(edited(plan)) === planHash(plan)),
    (plan) => planServers(edited(plan)),
    (servers, plan) => expect(servers).toEqual(planServers(plan)),
  ),
  parser(
    'a prompt',
    fc.string({ unit: 'grapheme' }),
    (text) => readPrompt(PROMPT + text, 0),
    ({ sessionDir }, text) => {
      expect(sessionDir).toBe('/s');
      expect(() => readPrompt(text, 0)).toThrow('did not start');
    },
  ),
  fileParser(
    'a record of a project',
    (home) => join(home, '.config/samocode/projects/one.json'),
    readKnownProjects,
    (projects) => expect(Array.isArray(projects)).toBe(true),
  ),
  fileParser(
    'a record of trust',
    async (home) => {
      await trustFile(SAMOCODE_FILE, HASH, { homeDir: home, clock: systemClock });
      const folder = join(home, '.config/samocode/trusted');
      return join(folder, (await readdir(folder))[0] ?? '');
    },
    (home) => isTrusted(SAMOCODE_FILE, HASH, home),
    (isNowTrusted) => expect(isNowTrusted).toBe(false),
  ),
  fileParser(
    'package.json for a proposed check',
    (home) => join(home, 'package.json'),
    proposedCommands,
    (proposed) => expect(proposed?.check ?? '').not.toContain('\n'),
  ),
  fileParser(
    'the prices of the user',
    (home) => join(home, 'prices.json'),
    readPrices,
    (prices) => {
      for (const price of Object.values(prices))
        expect(price).toMatchObject({ input: expect.any(Number), output: expect.any(Number) });
    },
  ),
  fileParser(
    'a command for a session',
    (home) => join(home, `${COMMAND}.json`),
    (commands) => readCommand({ commands }, COMMAND),
    (reading, text) => {
      const { v } = (parseJson(text) ?? {}) as { v?: unknown };
      expect(reading?.kind).toBe(typeof v === 'number' && v > 1 ? 'newer' : 'malformed');
    },
  ),
  parser(
    'valid arguments of a tool',
    fc.record({ count: fc.integer(), flag: fc.boolean(), name: fc.string() }),
    (given) => coerceArguments(SCHEMA, given),
    isSame,
  ),
  parser(
    'a .samocode that samocode wrote',
    fc.dictionary(
      fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,12}$/),
      fc
        .string({ unit: fc.oneof(grapheme, fc.constantFrom(...' "\'=#')) })
        .filter((text) => !/[\r\n]/.test(text)),
      { noNullPrototype: true },
    ),
    (values) => {
      const lines = Object.entries(values).map((pair) => samocodeLine(...pair));
      return Object.fromEntries(
        parseSamocodeFile(lines.join('\n')).entries.map(({ key, value }) => [key, value]),
      );
    },
    isSame,
  ),
  parser(
    'a known name',
    fc.uniqueArray(fc.string({ minLength: 1 }).filter((text) => text === text.trim().toLowerCase())),
    (names) => names.map((name) => nearestName(name, names)),
    isSame,
  ),
];

test.each(PARSERS)('reading $name never throws, and what is read is valid', async ({ run }) => {
  await run(RUNS);
});
