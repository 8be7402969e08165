import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { requestChanges } from '../../../../src/core/acts/gates/request-changes.act.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { importFolder } from '../../../../src/extensions/import/import-folder.act.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { approveShown } from '../../../support/approve-shown.ts';
import { answerQa, finishSession } from '../../../support/as-shown.ts';
import type { Bench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  atGateOrRunning,
  decisions,
  eventsOf,
  FOLDER,
  madeFolder,
  oldFolder,
  overviewAt,
  PLAN,
  PLAN_NAME,
  QA,
  untilAgent,
} from '../old-folders.ts';

const CORPUS = resolve('tests/fixtures/legacy-sessions');
const session = { session: FOLDER };
const imported = (bench: Bench, folder = FOLDER) => importFolder({ folder }, bench.context);

const noPlan = { for: 'plan_approval', reason: expect.stringContaining('has no plan') };
const planOf = (name: string) => ({ for: 'plan_approval', plan: expect.objectContaining({ name }) });
const unknownPhase = {
  for: 'human_action',
  resumePhase: 'investigation',
  reason: expect.stringContaining('names no known phase'),
};

/** Every recorded kind of folder: its wait after the import, with its reason, plan and questions. */
const kinds: [string, object][] = [
  ['26-01-08-colon-stamps', { ...planOf('01-08-14:37-plan-x.md'), resumePhase: 'implementation' }],
  [
    '26-01-09-blocked-yes',
    { ...noPlan, reason: expect.stringMatching(/^It was blocked: The database is down\n/) },
  ],
  ['26-01-10-no-totals', { ...noPlan, resumePhase: 'testing' }],
  ['26-01-11-crlf', { ...noPlan, resumePhase: 'quality' }],
  ['26-01-12-bom', { for: 'qa_answers', openQuestions: ['Q1'], resumePhase: 'requirements' }],
  ['26-01-13-unknown-phase', unknownPhase],
  ['26-01-14-two-plans', { ...planOf('01-14-1530-plan-second.md'), resumePhase: 'implementation' }],
  [
    '26-01-15-question-boxes',
    {
      for: 'qa_answers',
      openQuestions: ['Q1', 'Q2', 'R2Q1'],
      unconfirmed: [expect.objectContaining({ id: 'R2Q1', text: 'A' })],
    },
  ],
  ['26-01-16-repeated-iterations', unknownPhase],
  ['26-01-17-empty-overview', unknownPhase],
  ['26-01-18-extra-sections', { for: 'human_action', resumePhase: 'investigation' }],
  ['26-01-19-invalid-byte', { ...noPlan, resumePhase: 'implementation' }],
  ['26-01-20-flow-tells', unknownPhase],
  ['26-01-21-nested', { ...noPlan, resumePhase: 'implementation' }],
  ['26-01-22-nothing-known', unknownPhase],
];

describe('a recorded folder of the Python samocode', () => {
  test.concurrent.each(kinds)('waits after its import, with its documents: %s', async (folder, wait) => {
    await using bench = await oldFolder(folder);
    const dir = join(bench.sessionsDir, folder);
    const before = (await readdir(dir)).filter((name) => name !== '_samocode');
    await imported(bench, folder);
    const { state, needsWorker } = await atGateOrRunning(bench, folder);
    expect(state.status).toMatchObject({ kind: 'waiting', ...wait });
    expect([state.worktree, needsWorker]).toEqual([undefined, false]);
    expect(await readdir(dir)).toEqual(expect.arrayContaining([...before, '_overview.md']));
  });

  test.concurrent('that is done is done after its import, and takes a new goal or goes into the archive', async () => {
    const folder = 'My_Old.Session-V2';
    await using bench = await oldFolder(folder);
    await imported(bench, folder);
    await eventually(async () => (await bench.view(folder)).state.status.kind === 'done');
    await finishSession({ session: folder, how: 'keep_branch', keep: [] }, bench.context);
    await finishSession({ session: folder, how: 'unarchive', keep: [] }, bench.context);
    await resumeSession({ session: folder, goal: 'Give it a rudder.' }, bench.context);
    expect((await untilAgent(bench, folder)).at(-1)).toBe('investigation runs');
  });

  test('has a row in this table', async () => {
    const known = [...kinds.map(([folder]) => folder), 'My_Old.Session-V2'];
    const all = await readdir(CORPUS);
    expect(all.filter((name) => name !== '.gitattributes').sort()).toEqual(known.sort());
  });
});

describe('one act continues from the wait', () => {
  test.concurrent('an approval of its plan, with the answers that it has', ci, async () => {
    const files = { '_qa.md': QA.replace('_waiting_', 'B'), [PLAN_NAME]: PLAN };
    await using bench = await madeFolder({ '_overview.md': overviewAt('implementation'), ...files });
    await imported(bench);
    await approveShown(FOLDER, bench.context);
    expect(await untilAgent(bench, FOLDER)).toEqual([
      'waits for plan_approval',
      'answers by cli',
      'plan approved by cli',
      'implementation runs',
    ]);
  });

  test.concurrent('answers to its questions', ci, async () => {
    const folder = '26-01-12-bom';
    await using bench = await oldFolder(folder);
    await imported(bench, folder);
    const { questions, open } = await readQa({ session: folder }, bench.context);
    expect([questions.map(({ text }) => text), open]).toEqual([['Which colour?'], ['Q1']]);
    await answerQa({ session: folder, answers: [{ id: 'Q1', text: 'A' }] }, bench.context);
    expect((await untilAgent(bench, folder)).slice(1)).toEqual(['answers by cli', 'requirements runs']);
  });

  test.concurrent('a request for changes, if it has no plan', async () => {
    const folder = '26-01-19-invalid-byte';
    await using bench = await oldFolder(folder);
    await imported(bench, folder);
    await expect(approvePlan({ session: folder, hash: undefined }, bench.context)).rejects.toMatchObject({
      code: 'no_plan',
    });
    await requestChanges({ session: folder, feedback: 'Write the plan first.' }, bench.context);
    expect((await untilAgent(bench, folder)).slice(1)).toEqual(['changes by cli', 'planning runs']);
  });

  test.concurrent('a resume, if no gate stops it', async () => {
    const folder = '26-01-22-nothing-known';
    await using bench = await oldFolder(folder);
    await imported(bench, folder);
    await resumeSession({ session: folder }, bench.context);
    expect(await untilAgent(bench, folder)).toEqual(['waits for human_action', 'investigation runs']);
  });

  test.concurrent('a resume, if GATES is none: the events say that the settings opened both gates', async () => {
    const files = { '_overview.md': overviewAt('implementation'), [PLAN_NAME]: PLAN };
    await using bench = await madeFolder(
      { ...files, '_qa.md': QA.replace('_waiting_', 'B') },
      { GATES: 'none' },
    );
    await imported(bench);
    await eventually(async () => (await bench.view(FOLDER)).state.status.kind === 'stopped');
    const opened = ['answers by settings', 'waits for plan_approval', 'plan approved by settings'];
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(opened);
    await resumeSession(session, bench.context);
    expect((await untilAgent(bench, FOLDER)).at(-1)).toBe('implementation runs');
  });
});

test.concurrent.each([
  ['plan', ['answers by settings', 'waits for plan_approval']],
  ['qa', ['waits for qa_answers']],
])(
  'with GATES=%s a forged folder waits once, and no channel that GATE_CHANNELS excludes opens that',
  async (gates, waits) => {
    const files = {
      '_qa.md': QA.replace('_waiting_', 'B'),
      [PLAN_NAME]: PLAN,
      '_signal.json': '{"status":"waiting","for":"qa_answers"}',
    };
    const forged = { '_overview.md': overviewAt('implementation'), ...files };
    await using bench = await madeFolder(forged, { GATES: gates, GATE_CHANNELS: 'cli' });
    const byModel = { ...bench.context, by: { channel: 'tool' as const } };
    await importFolder({ folder: FOLDER }, byModel);
    await atGateOrRunning(bench, FOLDER);
    const answers = { ...session, answers: [], confirmTyped: true };
    const acts = [approveShown(FOLDER, byModel), answerQa(answers, byModel), resumeSession(session, byModel)];
    const ended = await Promise.allSettled(acts);
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(waits);
  },
);

describe('an import', () => {
  test.concurrent('moves the files of the early layout up, and overwrites nothing', async () => {
    await using bench = await madeFolder({
      '_samocode/_overview.md': overviewAt('planning'),
      '_samocode/notes.txt': 'inner',
      '_samocode/_qa.md': QA,
      'notes.txt': 'outer',
    });
    await imported(bench);
    const dir = join(bench.sessionsDir, FOLDER);
    expect(await readdir(join(dir, '_samocode'))).toEqual(['notes.txt']);
    expect(await readFile(join(dir, 'notes.txt'), 'utf8')).toBe('outer');
    expect((await atGateOrRunning(bench, FOLDER)).state.status).toMatchObject({ openQuestions: ['Q1'] });
  });

  test.concurrent('does not move the files behind a link in place of the early layout', async () => {
    await using bench = await madeFolder({
      '../../elsewhere/_overview.md': overviewAt('planning'),
      'notes.txt': 'mine',
    });
    const elsewhere = join(bench.sessionsDir, '../elsewhere');
    await symlink(elsewhere, join(bench.sessionsDir, FOLDER, '_samocode'));
    await expect(imported(bench)).rejects.toMatchObject({ code: 'task_unknown' });
    expect(await readdir(elsewhere)).toEqual(['_overview.md']);
  });

  test.concurrent('continues at the phase that a person names', async () => {
    await using bench = await madeFolder({ '_overview.md': '# Session: boat\n', [PLAN_NAME]: PLAN });
    await importFolder({ folder: FOLDER, phase: 'testing' }, bench.context);
    const { status } = (await atGateOrRunning(bench, FOLDER)).state;
    expect(status).toMatchObject({ for: 'plan_approval', resumePhase: 'testing' });
  });

  test.concurrent('keeps the existing worktree with its branch, whatever the branch is called', async () => {
    await using bench = await madeFolder({ '_overview.md': overviewAt('investigation') });
    const path = join(bench.worktreesDir, FOLDER);
    await bench.repo.git(['worktree', 'add', '-q', '-b', 'feature/sails', path]);
    await imported(bench);
    await resumeSession(session, bench.context);
    await untilAgent(bench, FOLDER);
    expect((await bench.view(FOLDER)).state.worktree).toMatchObject({ path, branch: 'feature/sails' });
  });

  test.concurrent('of a done folder brings its branch along: it is merged, and its worktree goes with the session', async () => {
    await using bench = await madeFolder({
      '_overview.md': overviewAt('done'),
      '_signal.json': '{"status":"done"}',
    });
    const path = join(bench.worktreesDir, FOLDER);
    const { git } = bench.repo;
    await git(['worktree', 'add', '-q', '-b', 'feature/sails', path]);
    await git(['commit', '-q', '--allow-empty', '-m', 'Sails'], path);
    const tip = await git(['rev-parse', 'HEAD'], path);
    await imported(bench);
    const done = async () => (await bench.view(FOLDER)).state;
    await eventually(async () => (await done()).status.kind === 'done');
    expect((await done()).worktree).toMatchObject({ path, branch: 'feature/sails', base: 'main' });
    await finishSession({ ...session, how: 'merge', keep: [] }, bench.context);
    expect(await git(['log', '--format=%H', 'main'])).toContain(tip);
    await finishSession({ ...session, how: 'keep_branch', keep: [] }, bench.context);
    expect(await git(['worktree', 'list'])).not.toContain(path);
  });

  test.concurrent('is refused with the command that moves a worktree from elsewhere', async () => {
    await using bench = await madeFolder({});
    const elsewhere = join(bench.repo.root, 'else where');
    const overview = overviewAt('planning').replace('\n', `\nWorking Dir: ${elsewhere}\n`);
    await mkdir(join(bench.sessionsDir, FOLDER));
    await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), overview);
    await bench.repo.git(['worktree', 'add', '-q', '-b', 'sails', elsewhere]);
    const refusal = await imported(bench).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'work_elsewhere' });
    const command = /git (worktree move .*)\.$/.exec(String(Object(refusal).hint))?.[1] ?? '';
    execFileSync('sh', ['-c', `git ${command}`], { cwd: bench.repo.path });
    expect((await imported(bench)).file.settings.branch).toBe('sails');
  });

  test.concurrent('happens once if two people act at the same moment', async () => {
    await using bench = await madeFolder({ '_overview.md': overviewAt('planning') });
    const ended = await Promise.allSettled([imported(bench), imported(bench)]);
    expect(ended.map(({ status }) => status)).toContain('fulfilled');
    await expect(imported(bench)).rejects.toMatchObject({ code: 'run_already' });
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(['waits for qa_answers']);
  });

  test.concurrent('says what a name or path is that cannot be imported', async () => {
    await using bench = await madeFolder({ '_overview.md': overviewAt('planning') });
    await mkdir(join(bench.sessionsDir, '26-02-02-empty'));
    const why = async (folder: string) =>
      `${Object(await imported(bench, folder).catch((error: unknown) => error)).message}`;
    expect(await why('26-02-02-empty')).toContain('26-02-02-empty has no readable _overview.md');
    for (const unknown of ['/nosuch', 'nosuch', join(bench.sessionsDir, 'nosuch')])
      expect(await why(unknown)).toMatch(/No folder ".*nosuch" is in .* not sessions yet: 26-02-01-boat$/);
    await imported(bench);
    expect(await why(FOLDER)).toContain(`${FOLDER} is a session already.`);
  });

  test.concurrent('without a folder lists all that could be imported', async () => {
    await using bench = await madeFolder({ '_overview.md': overviewAt('planning') });
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `26-02-02-${name}`);
    for (const name of others) {
      await mkdir(join(bench.sessionsDir, name));
      await writeFile(join(bench.sessionsDir, name, '_overview.md'), overviewAt('planning'));
    }
    const { home, programs } = bench.context;
    const { stdout } = await typed(['import'], { cwd: bench.repo.path, home, programs });
    expect(stdout.trim().split('\n')).toEqual([FOLDER, ...others]);
    const { unimported } = await listSessions({}, bench.context);
    expect(unimported.join()).toContain('and 2 more ("samocode import" lists them)');
  });

  test.concurrent.each([
    ['for a folder where a file belongs', { '_signal.json/x': '' }, {}, 'not_plain'],
    ['by the checks of every start', {}, { CHECK: 'no-such-program --all' }, 'command_not_found'],
  ])('is refused %s, and the folder stays as it is', async (_, files, lines, code) => {
    await using bench = await madeFolder({ '_overview.md': overviewAt('planning'), ...files }, lines);
    await expect(imported(bench)).rejects.toMatchObject({ code });
    expect((await listSessions({}, bench.context)).unimported.join()).toContain(FOLDER);
  });
});

test.concurrent('before its import, a folder is named in the list with the command, and every act is refused with it', async () => {
  await using bench = await madeFolder({ '_overview.md': overviewAt('planning') });
  const { sessions, unimported } = await listSessions({}, bench.context);
  expect(sessions).toEqual([]);
  expect(unimported).toEqual([expect.stringMatching(/26-02-01-boat.*samocode import <folder>$/)]);
  const refused = { code: 'not_imported', hint: expect.stringMatching(/samocode import 26-02-01-boat$/) };
  for (const name of [FOLDER, 'boat', 'bo'])
    await expect(resumeSession({ session: name }, bench.context)).rejects.toMatchObject(refused);
});

test.concurrent('at a terminal, the command prints what the session waits for, and typed answers need one confirmation', async () => {
  const folder = '26-01-15-question-boxes';
  await using bench = await oldFolder(folder);
  const { home, programs } = bench.context;
  const place = { cwd: bench.repo.path, home, programs };
  const { stdout } = await typed(['import', folder], place);
  expect(stdout).toMatch(/is imported: waits for answers: Q1, Q2, R2Q1\n.*samocode answer question-boxes/);
  const answered = await typed(['answer', folder], { ...place, says: ['y', 'in memory', 'B'] });
  expect(answered.stderr + answered.stdout).toContain('Answered in _qa.md, but not confirmed yet');
  await untilAgent(bench, folder);
  expect((await bench.view(folder)).state.answers).toMatchObject([
    { id: 'R2Q1', text: 'A' },
    { id: 'Q1', text: 'in memory' },
    { id: 'Q2', text: 'B' },
  ]);
});
