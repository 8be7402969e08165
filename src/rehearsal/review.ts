import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { applyEdits } from './apply-edits.ts';
import { readCommission } from './choose-job.ts';
import { commit, git, runCheck } from './commands.ts';
import { note, type Scene, signal, writeDocument } from './scene.ts';

/** quality: cleanup and review; what blocks is mended in one commit, then the tests run again. */
export async function review(scene: Scene): Promise<string> {
  const { job, decisions, facts } = await readCommission(scene);
  await scene.stage.say('Reading the change as its next maintainer would.');
  const { blemish } = decisions;
  const text = await ifExists(readFile(join(scene.workingDir, blemish.path), 'utf8'));
  const found = text !== undefined && blemish.isPresent(text);
  const cleanup = await writeDocument(scene, 'cleanup', cleanupText(job.title, found ? blemish : undefined));

  let hash: string | undefined;
  if (found) {
    await scene.stage.say(`Blocking: ${blemish.problem}`);
    await applyEdits(scene, blemish.edits);
    if (facts.tests.kind === 'found') await runCheck(scene, facts.tests.check);
    const paths = [...new Set(blemish.edits.map((edit) => edit.path))];
    hash = await commit(scene, paths, `fix: quality review - ${blemish.remedy}`);
  }
  const commits = (await git(scene, ['log', '-8', '--format=%h %s'])) ?? '';
  const issue = `${blemish.path}: ${blemish.problem}`;
  const name = await writeDocument(
    scene,
    'quality-review',
    `# Quality review: ${job.title}

## Summary
${found ? 'One blocking issue, mended.' : 'Nothing to mend.'}

## Cleanup
See ${cleanup}.

## Reviews
A rehearsal has no reviewers: these are scripted looks, played in turn.
- Future maintainer: names say what they hold; nothing hidden
- System architect: no new dependency, no layer crossed
- Product advocate: ${found ? issue : 'a person can find and use it'}

## Blocking
${found ? `- [x] ${issue} (${hash ?? 'nothing to commit'})` : '- none'}

## Non-blocking
- none

## Actions
${found ? `1. ${blemish.remedy}` : 'None.'}

Commits looked at:
\`\`\`
${commits}
\`\`\`

## Final Status
Ready to be tested again.
`,
  );
  const what = found ? `1 issue mended (${hash ?? 'nothing to commit'})` : 'nothing to mend';
  await note(scene, {
    lastAction: `Reviewed: ${what}`,
    next: 'Second test run',
    flow: `Quality review: ${what} -> ${name}`,
    files: [cleanup, name],
  });
  await signal(scene, { status: 'continue', phase: 'testing' });
  return `Reviewed: ${what}`;
}

function cleanupText(
  title: string,
  blemish: { path: string; problem: string; remedy: string } | undefined,
): string {
  const issue = blemish
    ? `### 1. ${blemish.path}
- Type: unclear
- Place: ${blemish.path}
- Priority: blocking
- Breaking: no
- Problem: ${blemish.problem}
- Options: mend it now; leave it to the next change
- Recommendation: ${blemish.remedy}`
    : 'No issues.';
  const rows = blemish ? `| 1 | ${blemish.path} | blocking |` : '| - | - | - |';
  return `# Cleanup: ${title}

## Issues
${issue}

## Summary
| issue | place | priority |
|---|---|---|
${rows}

## Phases
${blemish ? '1. Mend issue 1' : 'None.'}
`;
}
