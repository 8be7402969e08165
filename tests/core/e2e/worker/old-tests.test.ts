import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { phasesOfAgents } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const isDone = ({ status }: SessionState) => status.kind === 'done';
const end = (signal: Record<string, string>) => ({ act: 'end', did: 'Worked', signal });
const DONE = end({ status: 'done', summary: 'It is there' });
const READ = end({ status: 'done', summary: 'It was read', reviewed: 'T1' });
const ACCEPTS = end({ status: 'done', summary: 'It was read', reviewed: 'T1, %{oldTests}' });

const commits = (script: string) => shell(`${script}; git add -A; git commit -qm 'Work'`);
const PROMISE = 'test "$(sh src/f.sh)" = 1\n';
const FILES = {
  'src/f.sh': '. ./names.txt; echo $one\n',
  'names.txt': 'one=1\n',
  'tests/f.sh': PROMISE,
  'tests/again.sh': PROMISE,
};
const CHECK = 'for each in tests/*.sh; do sh "$each" || exit 1; done';
/** The program says something else now, and so does its test. */
const BREAKS = commits(
  'echo "echo 2 # $(git rev-list --count HEAD)" >src/f.sh; for t in f again; do echo \'test "$(sh src/f.sh)" = 2\' >tests/$t.sh; done',
);
const KEEPS = commits(
  "git checkout -q HEAD~1 -- src tests 2>/dev/null; git checkout -q $(git rev-list --max-parents=0 HEAD) -- src tests; echo 'echo 3' >src/g.sh",
);

interface Played {
  files?: Record<string, string>;
  implementation: object[][];
  quality?: object[];
  lines?: Record<string, string>;
}

async function quick({
  files = FILES,
  implementation,
  quality = [READ],
  lines,
}: Played): Promise<SessionRig> {
  const rules = implementation.map((acts, at) => ({
    when: { phase: 'implementation', ...(at < implementation.length - 1 && { count: at + 1 }) },
    do: acts,
  }));
  return await startRig({
    here: true,
    repo: { files },
    lines: { CHECK, ...lines },
    scenario: { rules: [...rules, { when: { phase: 'quality' }, do: quality }] },
    start: { task: 'Change the program', quick: true },
  });
}

/** With a plan that its gate let through, from implementation on. */
async function full({
  implementation,
  quality = [end({ status: 'continue', phase: 'done' })],
}: Played): Promise<SessionRig> {
  const goesOn = end({ status: 'continue', phase: 'testing' });
  const rules = implementation.map((acts, at) => ({
    when: { phase: 'implementation', ...(at < implementation.length - 1 && { count: at + 1 }) },
    do: [...acts, goesOn],
  }));
  return await startRig({
    here: true,
    phase: 'implementation',
    repo: { files: FILES },
    lines: { CHECK },
    scenario: { rules: [...rules, { when: { phase: 'quality' }, do: quality }] },
  });
}

async function promptOf(rig: SessionRig, phase: string): Promise<string> {
  const begun = (await rig.events()).findLast(
    (event) => event.type === 'iteration_started' && event.phase === phase,
  );
  const iteration = begun?.type === 'iteration_started' ? begun.iteration : 0;
  return await readFile(iterationPaths(rig.paths, iteration).prompt, 'utf8');
}

async function proofOf(rig: SessionRig, part: string): Promise<void> {
  const path = join(rig.paths.proof, 'proof.md');
  await eventually(async () => (await readFile(path, 'utf8')).includes(part));
}

async function cellsOf(rig: SessionRig): Promise<(string | undefined)[]> {
  const events = await rig.events();
  return events.flatMap((event) =>
    event.type === 'checks_ran' && event.cell ? [`${event.cell.reading} ${event.cell.red?.command}`] : [],
  );
}

test.concurrent(
  'a deleted test that passes on the work asks nobody, and the limits name it',
  ci,
  async () => {
    const work = commits('git rm -q tests/again.sh; echo "echo 3" >src/g.sh');
    await using rig = await quick({ implementation: [[work, DONE]] });
    await rig.until(isDone);
    expect(await phasesOfAgents(rig)).toEqual(['implementation']);
    expect(await cellsOf(rig)).toEqual(['tests undefined']);
    await proofOf(rig, 'Old tests are gone that pass on this work: `tests/again.sh`; files that look like');
  },
);

test.concurrent(
  'old tests that fail are read by a quality agent, whose silence sends the work back',
  ci,
  async () => {
    await using rig = await quick({
      implementation: [
        [BREAKS, DONE],
        [KEEPS, DONE],
      ],
    });
    await rig.until(isDone);
    expect(await phasesOfAgents(rig)).toEqual(['implementation', 'quality', 'implementation']);
    const asked = await promptOf(rig, 'quality');
    expect(asked).toContain(`With the tests as on the base \`${CHECK}\` fails on this work (exit status 1)`);
    expect(asked).toMatch(/`git diff --no-ext-diff [0-9a-f]{12} -- 'tests\/again\.sh' 'tests\/f\.sh'`/);
    expect(asked).toMatch(/Its full output: \S+old-[0-9a-f]{12}-1\.txt/);
    const back = await promptOf(rig, 'implementation');
    expect(back).toContain('whoever read the work did not confirm that the task asks for that');
    expect(await cellsOf(rig)).toEqual([`tests ${CHECK}`]);
  },
);

test.concurrent('a reader that names the old tests accepts them, and the proof says that no person did', async () => {
  await using rig = await quick({ implementation: [[BREAKS, DONE]], quality: [ACCEPTS] });
  await rig.until(isDone);
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'quality']);
  await proofOf(
    rig,
    'Accepted by the review of an agent alone; different now: `tests/again.sh`, `tests/f.sh`',
  );
});

test.concurrent(
  'the third no of a reader asks a person, with output and difference; only a person accepts',
  ci,
  async () => {
    await using rig = await quick({ implementation: [[BREAKS, DONE]] });
    await rig.untilWaiting('qa_answers');
    const phases = ['implementation', 'quality'];
    expect(await phasesOfAgents(rig)).toEqual([...phases, ...phases, ...phases]);
    const { questions, about } = await readQa({ session: rig.file.folder }, rig.context());
    expect(questions[0]?.text).toContain(`With the tests as on the base \`${CHECK}\` fails on this work`);
    expect(about?.text).toContain('printed last:');
    expect(about?.text).toContain('-test "$(sh src/f.sh)" = 1');
    const yes = { answers: [{ id: 'Q1', text: 'B' }], acceptSuggestions: false };
    await expect(rig.answer(yes, 'tool')).rejects.toMatchObject({ code: 'person_accepts' });
    await rig.answer(yes, 'cli');
    await rig.until(isDone);
    expect(await phasesOfAgents(rig)).toHaveLength(6);
    await proofOf(rig, 'Accepted by a person; different now: `tests/again.sh`, `tests/f.sh`');
  },
);

test.concurrent('settings that the checks of the base need as they are now ask a person', ci, async () => {
  const renames = commits("echo uno=1 >names.txt; echo '. ./names.txt; echo $uno' >src/f.sh");
  await using rig = await quick({ implementation: [[renames, DONE]] });
  await rig.untilWaiting('qa_answers');
  expect(await phasesOfAgents(rig)).toEqual(['implementation']);
  const { questions } = await readQa({ session: rig.file.folder }, rig.context());
  expect(questions[0]?.text).toContain('names.txt differs, and the checks of the base need it so');
});

test.concurrent('with GATE_CHANNELS=person no agent reads old tests that fail: a person is asked', async () => {
  await using rig = await quick({ implementation: [[BREAKS, DONE]], lines: { GATE_CHANNELS: 'person' } });
  await rig.untilWaiting('qa_answers');
  expect(await phasesOfAgents(rig)).toEqual(['implementation']);
  const { questions } = await readQa({ session: rig.file.folder }, rig.context());
  expect(questions[0]?.text).toContain('tests/f.sh differs, and the tests of the base fail');
});

test.concurrent('where the comparison by names asks, old tests that fail stay a question to a person', async () => {
  const work = commits('git rm -q tests/again.sh; echo "echo 2" >src/f.sh; echo true >tests/f.sh');
  await using rig = await quick({ implementation: [[work, DONE]] });
  await rig.untilWaiting('qa_answers');
  expect(await phasesOfAgents(rig)).toEqual(['implementation']);
  const { questions } = await readQa({ session: rig.file.folder }, rig.context());
  expect(questions[0]?.text).toContain(`fails on this work (exit status 1). They may prove less`);
  expect(questions[0]?.text).toContain('tests/again.sh is deleted');
});

test.concurrent('what cannot be tried is read by a quality agent, and stands in the limits', async () => {
  const work = commits("echo 'echo 3' >src/g.sh; echo true >tests/g.sh; echo 1 >new.txt");
  await using rig = await quick({
    implementation: [[work, DONE]],
    lines: { CHECK: 'test -e new.txt', SETUP: 'true' },
  });
  await rig.until(isDone);
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'quality']);
  await proofOf(rig, 'were not tried on this work: `test -e new.txt` fails as it does on the base');
});

test.concurrent('with OLD_TESTS=off no cell runs: names decide as before, and the limits say so', async () => {
  await using rig = await quick({ implementation: [[BREAKS, DONE]], lines: { OLD_TESTS: 'off' } });
  await rig.until(isDone);
  expect([await phasesOfAgents(rig), await cellsOf(rig)]).toEqual([['implementation'], []]);
  await proofOf(rig, 'The tests of the base were not tried on this work: OLD_TESTS=off.');
});

const SAYS_YES = end({ status: 'continue', phase: 'done', reviewed: '%{oldTests}' });

test.concurrent(
  'in a full session old tests that fail are read by its quality agent, and its yes is named as that',
  ci,
  async () => {
    await using rig = await full({ implementation: [[BREAKS]], quality: [SAYS_YES] });
    await rig.until(isDone);
    expect(await phasesOfAgents(rig)).toEqual(['implementation', 'testing', 'quality', 'done']);
    expect(await promptOf(rig, 'quality')).toContain(`With the tests as on the base \`${CHECK}\` fails`);
    expect(await cellsOf(rig)).toEqual([`tests ${CHECK}`]);
    await proofOf(rig, 'Accepted by the review of an agent alone; different now: `tests/again.sh`');
  },
);

test.concurrent('in a full session the silence of its quality agent sends the work back', async () => {
  await using rig = await full({ implementation: [[BREAKS], [KEEPS]] });
  await rig.until(isDone);
  const all = await phasesOfAgents(rig);
  expect(all.slice(0, 5)).toEqual(['implementation', 'testing', 'quality', 'done', 'implementation']);
});

test.concurrent(
  'work that passes by ending the tests before they print is read, and stands in the limits',
  ci,
  async () => {
    const files = { 'run.sh': '. src/f.sh\necho "f is $one"\ntest "$one" = 1\n', 'src/f.sh': 'one=1\n' };
    const work = commits('echo "exit 0" >src/f.sh');
    await using rig = await quick({ files, implementation: [[work, DONE]], lines: { CHECK: 'sh run.sh' } });
    await rig.until(isDone);
    expect(await phasesOfAgents(rig)).toEqual(['implementation', 'quality']);
    const why = 'no longer prints lines that it prints on the base: some of them may not run';
    expect(await promptOf(rig, 'quality')).toContain(
      `${why}. Find out whether all of these tests still run.`,
    );
    await proofOf(rig, `${why}.`);
  },
);
