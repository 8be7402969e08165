import { readCommission } from './choose-job.ts';
import { git } from './commands.ts';
import { bullets, sectionOf } from './markdown.ts';
import { note, readOverview, type Scene, signal, writeDocument } from './scene.ts';

/** done: what was built, with the text of a pull request. */
export async function summarise(scene: Scene): Promise<string> {
  const { job, decisions } = await readCommission(scene);
  await scene.stage.say('Writing down what a reviewer needs to know.');
  const log = ((await git(scene, ['log', '-12', '--format=%h %s'])) ?? '').split('\n');
  const ours = log.filter((line) => /^\w+ (?:Phase \d+:|testing:|fix: quality review)/.test(line)).reverse();
  const flow = sectionOf(await readOverview(scene), 'Flow Log').split('\n');
  const tests = flow.findLast((line) => line.includes('Tests, run')) ?? 'no test run is noted';
  const reviewed = flow.findLast((line) => line.includes('Quality review')) ?? 'no review is noted';
  const { overview, changes } = decisions.summary;
  const name = await writeDocument(
    scene,
    'summary',
    `# Summary: ${job.title}

## Overview
${overview}

## Changes
${bullets(changes)}

## Files
${bullets(ours)}

## Testing
${tests.replace(/^- /, '')}

## Quality
${reviewed.replace(/^- /, '')}

## PR Description
\`\`\`markdown
# ${job.title}

${overview}

## What changed
${bullets(changes)}

## Decisions
${bullets(decisions.consequences)}

## How it was tested
The repository's own tests, twice: after the implementation and after the review.
\`\`\`

## Notes
Played by the rehearsal child; no model was asked.
`,
  );
  const summary = `Built: ${job.title.toLowerCase()}; tested twice, reviewed, ${ours.length} commits. A rehearsal, no model.`;
  await note(scene, {
    lastAction: 'Wrote the summary',
    next: 'Open a pull request',
    flow: `Summary written -> ${name}`,
    files: [name],
  });
  await signal(scene, { status: 'done', phase: 'done', summary });
  return summary;
}
