// @module-tag ci
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseJson } from '../../../../src/core/kernel/parse-json.ts';
import type { Phase } from '../../../../src/core/kernel/phases/table.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { shellQuoted } from '../../../../src/core/kernel/shell-quoted.ts';
import type { AsStarted } from '../../../../src/core/session/documents/form.ts';
import { ledgerFingerprint } from '../../../../src/core/session/documents/requirements.ts';
import { asStarted, atEndOf } from '../../../support/as-started.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const Said = z.strictObject({ decision: z.literal('block'), reason: z.string() });
const PLAN = '01-08-1000-plan-x.md';
const A_PLAN = '# Plan: x\n\n### Phase 1: a\nFiles: a.ts\n- [ ] one\n';
const A_LEDGER = '{"requirements": [{"id": "R1", "text": "It holds", "check": "npm test"}]}';
const QUESTION = '### Q1: Which?\n\nA) one\nB) two\n\n**Answer:** _waiting_\n';

interface Left {
  files?: Record<string, string>;
  phase?: Phase;
  folder?: string;
  known?: Partial<AsStarted>;
  lastWords?: string;
}

/** The hook's command line, run as a CLI runs it: through a shell, with a JSON object on stdin. */
async function hookOn({ files = {}, phase = 'investigation', folder = 'session', known, lastWords }: Left) {
  const dir = await tempDir();
  const sessionDir = join(dir.path, folder);
  await mkdir(sessionDir);
  for (const [name, text] of Object.entries(files)) await writeFile(join(sessionDir, name), text);
  const started = asStarted(sessionDir, phase, known);
  const programFolder = dirname((await builtPrograms()).worker);
  const line = atEndOf(programFolder, started).map(shellQuoted).join(' ');
  const input = JSON.stringify({
    hook_event_name: 'Stop',
    ...(lastWords && { last_assistant_message: lastWords }),
  });
  const run = async () => {
    const { exitCode, stdout, stderr } = await runCommand('/bin/sh', ['-c', line], { input });
    expect([exitCode, stderr]).toEqual([0, '']);
    return stdout === '' ? undefined : Said.parse(parseJson(stdout)).reason;
  };
  return { started, run, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

async function ending(left: Left) {
  await using hook = await hookOn(left);
  return await hook.run();
}

const signalled = (signal: object, more: Record<string, string> = {}) => ({
  '_signal.json': JSON.stringify(signal),
  ...more,
});
const planned = { status: 'waiting', for: 'plan_approval' };
const whole = { [PLAN]: A_PLAN, '_requirements.json': A_LEDGER };

test.each<[string, Left, string]>([
  ['no signal', {}, '_signal.json is not written yet'],
  ['a blank signal', { files: { '_signal.json': ' {\n}\n' } }, '_signal.json is not written yet'],
  ['half a signal', { files: { '_signal.json': '{"status":' } }, 'is refused: it is not valid JSON'],
  ['no object', { files: { '_signal.json': 'null' } }, 'is refused: it is not a JSON object'],
  [
    'a status that its phase does not have',
    { files: signalled({ status: 'done' }) },
    '"done" may not be signalled in investigation; allowed: continue, waiting, handoff, blocked',
  ],
  [
    'a phase that does not follow',
    { files: signalled({ status: 'continue', phase: 'testing' }) },
    "investigation can't be followed by testing; possible: investigation, requirements, implementation",
  ],
  [
    'no question that it waits for',
    { files: signalled({ status: 'waiting', for: 'qa_answers' }), phase: 'requirements' },
    'It waits for answers, but _qa.md has no unanswered question',
  ],
  ['no plan', { files: signalled(planned, { '_requirements.json': A_LEDGER }) }, 'There is no plan document'],
  [
    'no ledger',
    { files: signalled(planned, { [PLAN]: A_PLAN }) },
    'There is no _requirements.json. Write it',
  ],
  [
    'a ledger with a check that is too long',
    {
      files: signalled(planned, {
        ...whole,
        '_requirements.json': A_LEDGER.replace('npm test', 'x'.repeat(1001)),
      }),
    },
    '_requirements.json is refused: the check of R1 has 1001 characters; 1000 are allowed',
  ],
  [
    'the ledger of the goal before',
    { files: signalled(planned, whole), known: { oldLedger: ledgerFingerprint(A_LEDGER) ?? '' } },
    '_requirements.json is still that of the previous goal',
  ],
  [
    'a plan with a server that no person could accept',
    { files: signalled(planned, { ...whole, [PLAN]: `${A_PLAN}\n## MCP servers\n- tickets\n` }) },
    'names "tickets", which is not a predefined server',
  ],
  [
    'a plan without a box',
    { files: signalled(planned, { ...whole, [PLAN]: A_PLAN.replace('- [ ] ', '') }) },
    'Phase 1 of the plan has no box ("- [ ] step").',
  ],
  [
    'a plan without a phase',
    { files: signalled(planned, { ...whole, [PLAN]: '# Plan: x\n- [ ] one\n' }) },
    'The plan has no phase',
  ],
  [
    'questions out of order',
    {
      files: signalled(
        { status: 'waiting', for: 'qa_answers' },
        { '_qa.md': `# Q&A: x\n\n${QUESTION.replace('Q1', 'Q2')}\n${QUESTION}` },
      ),
      phase: 'requirements',
    },
    '_qa.md is refused: Q2 comes first; the questions of a round are Q1, Q2 and so on.',
  ],
  [
    'a question without an answer line',
    {
      files: signalled(
        { status: 'waiting', for: 'qa_answers' },
        { '_qa.md': QUESTION.replace('**Answer:** _waiting_', '') },
      ),
      phase: 'requirements',
    },
    'Q1 has no answer line.',
  ],
  [
    'a message of the human that it does not name',
    {
      files: signalled({ status: 'done', summary: 'x' }),
      phase: 'done',
      known: { unacknowledged: ['M1'] },
    },
    'Messages from the human are not acknowledged: M1.',
  ],
  [
    'done before anybody reviewed it',
    { files: signalled({ status: 'continue', phase: 'done' }), phase: 'testing' },
    'Quality has not reviewed this work yet',
  ],
])('an agent that leaves %s is sent back with the reason', async (_, left, why) => {
  expect(await ending(left)).toContain(why);
});

test.each<[string, Left]>([
  ['a signal', { files: signalled({ status: 'CONTINUE', phase: 'Requirements' }) }],
  ['a block', { files: signalled({ status: 'blocked', reason: 'x' }) }],
  ['plan and ledger', { files: signalled(planned, whole) }],
  [
    'a question',
    {
      files: signalled({ status: 'waiting', for: 'qa_answers' }, { '_qa.md': QUESTION }),
      phase: 'requirements',
    },
  ],
  ['its signal as its last words', { lastWords: '{"status":"continue","phase":"requirements"}' }],
  [
    'its signal in a quick session',
    { files: signalled({ status: 'handoff', note: 'x' }), phase: 'implementation' },
  ],
])('an agent that leaves %s may end', async (_, left) => {
  expect(await ending(left)).toBeUndefined();
});

const ofKinds = (...checks: (readonly ['new' | 'stays', string])[]) =>
  JSON.stringify({
    requirements: checks.map(([kind, check], at) => ({ id: `R${at + 1}`, text: 'It holds', check, kind })),
  });

test('in a guard the checks of a ledger are tried before the work, and each that contradicts its kind is named with its last lines', async () => {
  await using tree = await tempDir();
  const ledger = ofKinds(
    ['new', 'true'],
    ['new', 'exit 1'],
    ['stays', 'echo seen; exit 3'],
    ['stays', 'true'],
    ['stays', 'no-such-program-here'],
  );
  const files = signalled(planned, { ...whole, '_requirements.json': ledger });
  const reason = await ending({ files, known: { triesIn: tree.path } });
  expect(reason).toContain('R1 is new, and its check `true` passes before the work');
  expect(reason).toContain(
    'R3 stays, and its check `echo seen; exit 3` fails before the work (exit 3): seen',
  );
  expect(reason).not.toMatch(/R2|R4|R5/);
  expect(await ending({ files })).toBeUndefined();
});

test('a ledger is not tried by an agent that signals something else', async () => {
  await using tree = await tempDir();
  const files = signalled(
    { status: 'blocked', reason: 'x' },
    { '_requirements.json': ofKinds(['new', 'true']) },
  );
  expect(await ending({ files, known: { triesIn: tree.path } })).toBeUndefined();
});

test('an agent is sent back twice at most, and each time is noted', async () => {
  await using hook = await hookOn({ files: { '_signal.json': '{}' } });
  const said = [await hook.run(), await hook.run(), await hook.run()].map((reason) => reason !== undefined);
  expect(said).toEqual([true, true, false]);
  expect((await readFile(hook.started.toldPath, 'utf8')).trim().split('\n')).toHaveLength(2);
});

test('an agent is not held where its times cannot be counted', async () => {
  await using hook = await hookOn({ files: { '_signal.json': '{}' } });
  await mkdir(hook.started.toldPath);
  expect(await hook.run()).toBeUndefined();
  await rm(hook.started.toldPath, { recursive: true });
  expect(await hook.run()).toContain('not written yet');
});

test('an agent has nothing of its own written elsewhere: a link is not followed, and no word of it is noted', async () => {
  await using hook = await hookOn({ files: signalled({ status: 'continue', phase: '$(evil)' }) });
  const elsewhere = join(hook.started.sessionDir, '../start-up');
  await writeFile(elsewhere, 'as it was\n');
  await symlink(elsewhere, hook.started.toldPath);
  expect(await hook.run()).toBeUndefined();
  expect(await readFile(elsewhere, 'utf8')).toBe('as it was\n');
  await rm(hook.started.toldPath);
  expect(await hook.run()).toContain('$(evil)');
  expect(await readFile(hook.started.toldPath, 'utf8')).toBe('sent back\n');
});

test('spaces, quotes and dollar signs in the folder name have no effect', async () => {
  const folder = `it's "a" $HOME \`x\` folder`;
  expect(await ending({ folder })).toContain(folder);
  expect(await ending({ folder, files: signalled({ status: 'continue' }) })).toBeUndefined();
});
