import { join } from 'node:path';
import type { Job } from './job.ts';
import { bash, document, note, quoted, read, type Script, signal, write } from './moves.ts';

export function* init(job: Job): Script {
  yield* bash('git status --short && git log --oneline -1', 'Looking at the worktree.');
  yield* note(job, 'Session set up');
  yield* signal(job, { status: 'continue', phase: 'investigation' });
}

export function* investigation(job: Job): Script {
  const { text: files } = yield* bash(
    'git ls-files | head -40 && git log --oneline | head -5',
    'Looking around.',
  );
  const { text: readme } = yield* read(join(job.workingDir, 'README.md'));
  const parts = [
    `# Dive: ${job.work.task}`,
    `## Summary\n${readme.split('\n')[0]}`,
    `## Key Findings\nThe work touches README.md:1.`,
    `## Code Structure\n${files}`,
    '## Dependencies\nNone.',
    '## Considerations\nKeep the tests passing.',
    '## Recommendations\nSmall steps.',
  ];
  yield* document(job, 'dive', 'Dive written', parts.join('\n\n'));
  if (!job.work.asks) {
    yield* signal(job, { status: 'continue', phase: 'requirements' });
    return;
  }
  yield* write(join(job.sessionDir, '_qa.md'), questions(job));
  yield* note(job, 'Two questions asked');
  yield* signal(job, { status: 'waiting', phase: 'investigation', for: 'qa_answers' });
}

export function* requirements(job: Job): Script {
  const { text } = yield* read(join(job.sessionDir, '_qa.md'));
  const answers = [...text.matchAll(/^### (Q\d+: .*)$[\s\S]*?^\*\*Answer:\*\* (.*)$/gm)];
  const decisions = answers.map(([, question, answer]) => `- ${question} ${answer}`);
  const parts = [
    `# Requirements: ${job.work.task}`,
    '## Summary\nAs asked.',
    `## Architectural Decisions\n${decisions.join('\n')}`,
    `## Implementation Requirements\n${job.work.phases.map(({ name }) => `- ${name}`).join('\n')}`,
    '## Out of Scope\nEverything else.',
  ];
  yield* document(job, 'requirements', 'Requirements written', parts.join('\n\n'));
  const ledger = { requirements: [{ id: 'R1', text: 'The work is committed', check: 'git log -1' }] };
  yield* write(join(job.sessionDir, '_requirements.json'), JSON.stringify(ledger));
  if (!job.mayPlan) {
    yield* signal(job, { status: 'continue', phase: 'planning' });
    return;
  }
  yield* plan(job);
  yield* signal(job, { status: 'waiting', phase: 'requirements', for: 'plan_approval' });
}

function questions({ work }: Job): string {
  return [
    `# Q&A: ${work.task}`,
    'Status: waiting',
    '### Q1: How should wrong input be met?',
    'A) With an error\nB) With a guess',
    '**Suggestion:** A - it is what the rest does.',
    '**Answer:** _waiting_',
    '### Q2: Should the documents change too?',
    'A) Yes\nB) No',
    '**Suggestion:** A - people look there first.',
    '**Answer:** _waiting_\n',
  ].join('\n\n');
}

export function* planning(job: Job): Script {
  yield* bash(`cat ${quoted(job.sessionDir)}/*-requirements-*.md`, 'Reading the requirements.');
  yield* plan(job);
  yield* signal(job, { status: 'waiting', phase: 'planning', for: 'plan_approval' });
}

function* plan(job: Job): Script {
  const phases = job.work.phases.map(
    ({ name, check, proposals, newFiles = {}, edits = [] }, index) =>
      `### Phase ${index + 1}: ${name}\n` +
      `Files: ${[...new Set([...Object.keys(newFiles), ...edits.map(({ path }) => path)])].join(', ')}\n` +
      `Check: \`${check}\`\n${proposals ? `Proposals: ${proposals}\n` : ''}- [ ] ${name}\n`,
  );
  const parts = [
    `# Plan: ${job.work.task}`,
    `Created: ${job.fileStamp}`,
    `## Task Definition\n${job.work.task}`,
    `## Requirements\n${job.work.phases.map(({ name }) => `- [ ] ${name}`).join('\n')}`,
    '## Context\nSee the dive.',
    `## Implementation Phases\n${phases.join('\n')}`,
    '## Notes\n',
  ];
  yield* document(job, 'plan', 'Plan written', parts.join('\n\n'));
}
