import { join } from 'node:path';
import type { Job } from './job.ts';
import { bash, document, edit, note, quoted, read, type Script, signal, write } from './moves.ts';
import type { WorkPhase } from './planned-work.ts';

/**
 * Carries out the first plan phase that is not ticked, or continues to testing. It writes a comparison of two proposals
 * before it edits if the plan phase asks for one.
 */
export function* implementation(job: Job): Script {
  const { text: plans } = yield* bash(
    `ls ${quoted(job.sessionDir)} | grep -e -plan- || true`,
    'Looking for the plan.',
  );
  if (!plans.includes('-plan-')) {
    yield* atOnce(job);
    return;
  }
  const planPath = join(job.sessionDir, plans.trim().split('\n').at(-1) ?? '');
  const { text: plan } = yield* read(planPath);
  const open = job.work.phases.findIndex(({ name }) => isOpen(plan, name));
  const phase = job.work.phases[open];
  if (!phase) {
    yield* note(job, 'Every plan phase is done');
    yield* signal(job, { status: 'continue', phase: 'testing' });
    return;
  }
  if (job.wantsComparison) yield* document(job, 'comparison', 'Proposals compared', COMPARISON);
  yield* build(job, phase);
  const { failed } = yield* bash(phase.check, 'Running the check.');
  if (failed) {
    yield* signal(job, {
      status: 'blocked',
      reason: `The check of "${phase.name}" fails.`,
      needs: 'error_resolution',
    });
    return;
  }
  const title = `Phase ${open + 1}: ${phase.name}`;
  yield* bash(`git add -A && git commit --quiet -m ${quoted(title)}`, 'Committing.');
  const step = plan.slice(plan.indexOf(`### Phase ${open + 1}:`));
  const box = step.slice(0, step.indexOf('- [ ]') + '- [ ]'.length);
  yield* edit(planPath, box, box.replace('- [ ]', '- [x]'));
  yield* note(job, title);
  const isLast = open === job.work.phases.length - 1;
  yield* signal(job, { status: 'continue', phase: isLast ? 'testing' : 'implementation' });
}

/** The whole work of a quick session. */
function* atOnce(job: Job): Script {
  for (const phase of job.work.phases) yield* build(job, phase);
  const checks = job.work.phases.map(({ check }) => check).join(' && ');
  yield* bash(`${checks} && git add -A && git commit --quiet -m ${quoted(job.work.task)}`, 'Committing.');
  yield* document(job, 'summary', 'Summary written', `# Summary: ${job.work.task}\n\n## Changes\nAs asked.`);
  yield* signal(job, { status: 'done', phase: 'done', summary: `Done: ${job.work.task}` });
}

const COMPARISON = [
  '# Comparison',
  '## Differences\nOne file or two.',
  '## Pros and Cons\nFewer files; clearer names.',
  '## Risk\nLow.',
  '## Recommendation\nClean: as it is built.',
  '## Hybrid\nNone.\n',
].join('\n\n');

function isOpen(plan: string, name: string): boolean {
  const steps = plan.slice(plan.indexOf('## Implementation Phases'));
  return steps.includes(`- [ ] ${name}`);
}

function* build(job: Job, { newFiles = {}, edits = [] }: WorkPhase): Script {
  for (const [path, content] of Object.entries(newFiles)) yield* write(join(job.workingDir, path), content);
  for (const path of new Set(edits.map((each) => each.path))) yield* read(join(job.workingDir, path));
  for (const { path, replace, by } of edits) yield* edit(join(job.workingDir, path), replace, by);
}

export function* testing(job: Job): Script {
  const command = 'npm test';
  const tests = yield* bash(command, 'Running the tests.');
  const parts = [
    `# Test report: ${job.work.task}`,
    `## Summary\n${tests.failed ? 'Failed.' : 'Passed.'}`,
    '## Run\n1st after implementation',
    `## Tests\n\`\`\`\n${tests.text.slice(-600)}\n\`\`\``,
    '## Issues\nNone.',
    `## Method\n\`${command}\``,
    '## Environment\nnode',
    '## Recommendation\nGo on.',
  ];
  yield* document(job, 'test-report', 'Tests run', parts.join('\n\n'));
  yield* signal(job, { status: 'continue', phase: tests.failed ? 'implementation' : 'quality' });
}

export function* quality(job: Job): Script {
  const { text: changes } = yield* bash('git log --stat --oneline -3', 'Reading the changes.');
  const parts = [
    `# Quality review: ${job.work.task}`,
    '## Summary\nGood.',
    `## Cleanup\n${changes}`,
    '## Reviews\nThree views, one reviewer.',
    '## Blocking\nNone.',
    '## Non-blocking\nNone.',
    '## Actions\nNone.',
    '## Final Status\nPassed.',
  ];
  yield* document(job, 'quality-review', 'Review written', parts.join('\n\n'));
  yield* summary(job);
}

export function* done(job: Job): Script {
  yield* summary(job);
}

function* summary(job: Job): Script {
  const { text: commits } = yield* bash(
    `git log --oneline -${job.work.phases.length}`,
    'Listing the commits.',
  );
  const parts = [
    `# Summary: ${job.work.task}`,
    `## Overview\n${job.work.task}`,
    `## Changes\n${commits}`,
    '## Testing\nOne run, passed.',
    '## Quality\nReviewed.',
    `## PR Description\n${job.work.task}`,
  ];
  yield* document(job, 'summary', 'Summary written', parts.join('\n\n'));
  yield* signal(job, {
    status: 'done',
    phase: 'done',
    summary: `Built, tested and reviewed: ${job.work.task}`,
  });
}
