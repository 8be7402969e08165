import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import { applyEdits } from './apply-edits.ts';
import { type Commission, readCommission } from './choose-job.ts';
import { commit, git, runCheck } from './commands.ts';
import type { JobPhase } from './job.ts';
import { filesOf } from './make-plan.ts';
import { sectionOf } from './markdown.ts';
import { firstOpenPhase, phaseCount, withPhaseTicked, withRequirementsTicked } from './plan-text.ts';
import { note, readOverview, readSessionFile, type Scene, signal } from './scene.ts';

interface CurrentPlan {
  name: string;
  text: string;
}

/** implementation: the first open plan phase, its checks first, one commit. */
export async function implement(scene: Scene): Promise<string> {
  const plan = await readPlan(scene);
  if (!plan) return block(scene, 'There is no plan in the session folder.', 'clarification');
  const commission = await readCommission(scene);
  const number = firstOpenPhase(plan.text);
  if (number === undefined) return mendAfterTests(scene, commission);
  const phase = commission.decisions.phases[number - 1];
  if (!phase) {
    return block(scene, `The rehearsal has no script for phase ${number} of ${plan.name}.`, 'human_decision');
  }
  return playPhase({ scene, plan, number, phase });
}

interface PhasePlay {
  scene: Scene;
  plan: CurrentPlan;
  number: number;
  phase: JobPhase;
}

async function playPhase({ scene, plan, number, phase }: PhasePlay): Promise<string> {
  await scene.stage.say(`Phase ${number} of ${phaseCount(plan.text)}: ${phase.name}. Checks first.`);
  await applyEdits(scene, phase.checks);
  const before = await runCheck(scene, phase.check);
  await scene.stage.say(
    before.passed ? 'The check passes already.' : 'It fails, as it should. Now the code.',
  );
  await applyEdits(scene, phase.code);
  const after = await runCheck(scene, phase.check);
  if (!after.passed) return block(scene, `The check of phase ${number} still fails.`, 'error_resolution');

  const hash = await commit(scene, filesOf(phase), `Phase ${number}: ${phase.name}`);
  const ticked = withPhaseTicked(plan.text, number, scene.stamps.log);
  const isLast = firstOpenPhase(ticked) === undefined;
  await tick(scene, plan.name, isLast ? withRequirementsTicked(ticked) : ticked);
  await note(scene, {
    lastAction: `Phase ${number} done: ${phase.name}`,
    next: isLast ? 'Testing' : `Phase ${number + 1}`,
    flow: `Phase ${number} done: ${phase.name} (${hash ?? 'nothing to commit'})`,
  });
  await signal(scene, { status: 'continue', phase: isLast ? 'testing' : 'implementation' });
  return `Phase ${number} done: ${phase.name}`;
}

/** Tests failed after the last phase: put back what this session wrote and somebody has changed since. */
async function mendAfterTests(scene: Scene, { decisions, facts }: Commission): Promise<string> {
  const ours = new Set(decisions.phases.flatMap(filesOf));
  const changed = ((await git(scene, ['diff', '--name-only', 'HEAD'])) ?? '')
    .split('\n')
    .filter((path) => ours.has(path));
  if (changed.length > 0) {
    await scene.stage.use('Bash', { command: `git checkout HEAD -- ${changed.join(' ')}` }, async () => {
      await git(scene, ['checkout', 'HEAD', '--', ...changed]);
      return { value: undefined, text: `Restored ${changed.length} files.` };
    });
  }
  const run = facts.tests.kind === 'found' ? await runCheck(scene, facts.tests.check) : undefined;
  if (run && !run.passed) {
    return block(scene, 'The tests fail, and the rehearsal has no script to mend them.', 'error_resolution');
  }
  const what = changed.length > 0 ? `restored ${changed.join(', ')}` : 'every phase is done';
  await note(scene, {
    lastAction: `Looked again: ${what}`,
    next: 'Testing',
    flow: `Mended after tests: ${what}`,
  });
  await signal(scene, { status: 'continue', phase: 'testing' });
  return `Nothing open: ${what}`;
}

async function block(scene: Scene, reason: string, needs: string): Promise<string> {
  await note(scene, { lastAction: reason, next: 'A person decides', flow: `Blocked: ${reason}` });
  await signal(scene, { status: 'blocked', phase: 'implementation', reason, needs });
  return reason;
}

async function tick(scene: Scene, name: string, text: string): Promise<void> {
  const path = join(scene.sessionDir, name);
  await scene.stage.use('Edit', { file_path: path }, async () => {
    await writeWhole(path, text);
    return { value: undefined, text: 'Ticked.' };
  });
}

/** The plan that the prompt names, else the notebook's last, else the newest file. */
async function readPlan(scene: Scene): Promise<CurrentPlan | undefined> {
  const listed = sectionOf(await readOverview(scene), 'Plans').match(/[\w.:-]+\.md/g) ?? [];
  for (const name of [scene.planName, listed.at(-1), await newestPlan(scene)]) {
    const text = name && (await readSessionFile(scene, name));
    if (name && text) return { name, text };
  }
  return undefined;
}

async function newestPlan({ sessionDir }: Scene): Promise<string | undefined> {
  const names = (await readdir(sessionDir)).filter((name) => /^\d\d-\d\d-\d\d:?\d\d-plan-.*\.md$/.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, changedMs: (await stat(join(sessionDir, name))).mtimeMs })),
  );
  return aged.sort((left, right) => left.changedMs - right.changedMs).at(-1)?.name;
}
