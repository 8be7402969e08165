import { readCommission } from './choose-job.ts';
import { shown } from './commands.ts';
import { bullets } from './markdown.ts';
import type { RepoFacts } from './repo-facts.ts';
import { note, type Scene, signal, writeDocument } from './scene.ts';

/** init: only what the worker could not do itself, which a rehearsal can only look at. */
export async function begin(scene: Scene): Promise<string> {
  await scene.stage.say('The worktree is here; the rehearsal has nothing to set up.');
  await note(scene, {
    lastAction: 'Looked at the worktree',
    next: 'Investigation',
    flow: 'Set-up looked at; nothing to do',
  });
  await signal(scene, { status: 'continue', phase: 'investigation' });
  return 'Set up.';
}

/** investigation: one dive document of true facts. */
export async function investigate(scene: Scene): Promise<string> {
  await scene.stage.say('This is a rehearsal: no model is asked. Looking at what the repository holds.');
  const { facts, task, job } = await readCommission(scene);
  await scene.stage.use('Bash', { command: 'git ls-files && git log -5 --format="%h %s"' }, async () => ({
    value: undefined,
    text: [...facts.files.slice(0, 30), '', ...facts.lastCommits].join('\n'),
  }));
  const name = await writeDocument(
    scene,
    'dive',
    `# Dive: ${job.title}

## Summary
${task}

${facts.files.length} tracked files, ${facts.commits === 1 ? '1 commit' : `${facts.commits} commits`} on \`${facts.branch}\`.

## Key Findings
${bullets(job.findings)}

## Code Structure
${bullets(facts.files.slice(0, 30).map((file) => `\`${file}\``))}

Languages by number of files: ${facts.languages.map(([extension, count]) => `${extension} ${count}`).join(', ') || 'none'}.
Last commits:
${bullets(facts.lastCommits)}

## Dependencies
${testLine(facts)}

## Considerations
${bullets(job.considerations)}

## Recommendations
${bullets(job.questions.map((question) => `Ask: ${question.text}`))}
`,
  );
  await note(scene, {
    lastAction: 'Looked around the repository',
    next: 'Requirements: ask what only a person can decide',
    flow: `Dive written -> ${name}`,
    files: [name],
  });
  await signal(scene, { status: 'continue', phase: 'requirements' });
  return `Dive written: ${name}`;
}

function testLine({ tests }: RepoFacts): string {
  if (tests.kind === 'found') return `Tests: \`${shown(tests.check)}\`, from ${tests.source}.`;
  if (tests.kind === 'unusable')
    return `Tests: \`${tests.command}\`, which cannot be run here: ${tests.why}.`;
  return 'No test command was found.';
}
