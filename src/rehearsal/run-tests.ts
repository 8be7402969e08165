import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { type Commission, readCommission } from './choose-job.ts';
import { runCheck, shown } from './commands.ts';
import { filesOf } from './make-plan.ts';
import { sectionOf } from './markdown.ts';
import { note, readOverview, type Scene, signal, writeDocument } from './scene.ts';

interface TestOutcome {
  passed: boolean;
  method: string;
  output: string;
}

/** testing: the repository's own tests, really run; nothing is repaired here. */
export async function runTests(scene: Scene): Promise<string> {
  const commission = await readCommission(scene);
  const isSecond = isAfterQuality(sectionOf(await readOverview(scene), 'Flow Log'));
  await scene.stage.say(
    `Run ${isSecond ? '2, after the review' : '1, after the implementation'}: running the tests for real.`,
  );
  const outcome = await testOnce(scene, commission);
  const next = !outcome.passed ? 'implementation' : isSecond ? 'done' : 'quality';
  const verdict = outcome.passed ? 'passed' : 'failed';
  const name = await writeDocument(
    scene,
    'test-report',
    `# Test report: ${commission.job.title}

## Summary
${outcome.passed ? 'Everything passed.' : 'The tests failed.'}

## Run
${isSecond ? '2nd after quality' : '1st after implementation'}

## Tests
\`\`\`
${outcome.output}
\`\`\`

## Issues
${outcome.passed ? '- none' : '- see the output above'}

## Method
${outcome.method}

## Environment
Node ${process.version} on ${process.platform}

## Recommendation
${outcome.passed ? `Go on to ${next}.` : 'Back to implementation.'}
`,
  );
  await note(scene, {
    lastAction: `Tests ${verdict}`,
    next:
      next === 'implementation'
        ? 'Mend what the tests found'
        : next === 'done'
          ? 'Summary'
          : 'Quality review',
    flow: `Tests, run ${isSecond ? 2 : 1}: ${verdict} -> ${name}`,
    files: [name],
  });
  await signal(scene, { status: 'continue', phase: next });
  return `Tests ${verdict}: ${name}`;
}

/** Whether the last review in the Flow Log is younger than the last work on the code. */
export function isAfterQuality(flowLog: string): boolean {
  const lines = flowLog.split('\n');
  const review = lines.findLastIndex((line) => /\] Quality review\b/.test(line));
  const work = lines.findLastIndex((line) => /\] (?:Phase \d+ done|Mended after tests)\b/.test(line));
  return review > work;
}

async function testOnce(scene: Scene, { facts, decisions }: Commission): Promise<TestOutcome> {
  const { tests } = facts;
  if (tests.kind === 'found') {
    const run = await runCheck(scene, tests.check);
    const said = run.output || run.notRun || '(no output)';
    const output = run.passed ? withoutTimes(said) : said;
    return { passed: run.passed, method: `\`${shown(tests.check)}\`, the repository's own command`, output };
  }
  const why = tests.kind === 'none' ? 'the repository has no test command' : `${tests.command}: ${tests.why}`;
  const written = decisions.phases.flatMap(filesOf);
  const missing: string[] = [];
  for (const path of new Set(written)) {
    if (!(await ifExists(readFile(join(scene.workingDir, path), 'utf8')))) missing.push(path);
  }
  await scene.stage.say(`No tests were run: ${why}. Looking at the written files instead.`);
  const output =
    missing.length > 0 ? `missing: ${missing.join(', ')}` : `there: ${[...new Set(written)].join(', ')}`;
  return {
    passed: missing.length === 0,
    method: `No tests were run: ${why}. The written files were looked at.`,
    output,
  };
}

/**
 * What Node's own test runner says, less its times, which would make every report another one: TAP up to Node 22, which
 * says most in three lines a test, and a list with ticks since then. Other output stays as it is.
 */
export function withoutTimes(output: string): string {
  if (/^ℹ duration_ms /m.test(output))
    return output.replace(/^ℹ duration_ms .*\n?| \([\d.]+ms\)$/gm, '').trim();
  if (!output.startsWith('TAP version')) return output;
  return output
    .replace(/^ *---\n[\s\S]*?^ *\.\.\.\n/gm, '')
    .replace(/^ *# (?:Subtest:|duration_ms).*\n?/gm, '')
    .trim();
}
