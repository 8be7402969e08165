import { join } from 'node:path';
import { type Commission, readCommission } from './choose-job.ts';
import { bullets } from './markdown.ts';
import { answerInWords, renderQa } from './qa-text.ts';
import { note, type Scene, signal, writeDocument, writeFileOnStage } from './scene.ts';

/** requirements: questions first; with every answer there, the requirements document. */
export async function settleRequirements(scene: Scene): Promise<string> {
  const commission = await readCommission(scene);
  if (commission.answers.length === 0) return ask(scene, commission);
  const open = commission.answers.filter((question) => question.answer === undefined).length;
  if (open > 0) return waitFor(scene, `${open} of ${commission.answers.length} questions still open`);
  return write(scene, commission);
}

async function ask(scene: Scene, { job }: Commission): Promise<string> {
  await scene.stage.say(`${job.questions.length} things only a person can decide.`);
  await writeFileOnStage(scene, join(scene.sessionDir, '_qa.md'), renderQa(job.title, job.questions));
  return waitFor(scene, `${job.questions.length} questions asked`);
}

async function waitFor(scene: Scene, what: string): Promise<string> {
  await note(scene, { lastAction: what, next: 'A person answers in _qa.md', flow: `${what} -> _qa.md` });
  await signal(scene, { status: 'waiting', phase: 'requirements', for: 'qa_answers' });
  return `${what}.`;
}

async function write(scene: Scene, { job, answers, decisions, task }: Commission): Promise<string> {
  await scene.stage.say('Every question has its answer: writing down what they decide.');
  const decided = answers.map(
    (question, index) =>
      `### ${question.text}\nAnswer: ${question.answer} (${answerInWords(question)})\n\nSo: ${decisions.consequences[index] ?? 'noted; it changes nothing in a rehearsal'}.`,
  );
  const name = await writeDocument(
    scene,
    'requirements',
    `# Requirements: ${job.title}

## Summary
${task}

## Architectural Decisions
${decided.join('\n\n')}

## Implementation Requirements
${decisions.requirements.map((requirement) => `- [ ] ${requirement}`).join('\n')}

## Out of Scope
${bullets(decisions.outOfScope)}
`,
  );
  await note(scene, {
    lastAction: 'Wrote the requirements',
    next: 'Planning',
    flow: `Requirements written -> ${name}`,
    files: [name],
  });
  await signal(scene, { status: 'continue', phase: 'planning' });
  return `Requirements written: ${name}`;
}
