import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { fencedBlocks } from '../words/texts.ts';
import { tempDir } from './temp-dir.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

/**
 * The end of an example's output, and the end that its README promises, both without the parts that differ from run to
 * run.
 */
export async function playExample(
  name: string,
): Promise<{ exitCode: number | null; printed: string; promised: string }> {
  await using dir = await tempDir();
  const env = {
    PATH: process.env.PATH ?? '',
    TMPDIR: dir.path,
    npm_config_cache: process.env.npm_config_cache ?? '',
  };
  const run = await runCommand(join(EXAMPLES, name, 'run.sh'), [], { cwd: dir.path, env });
  const readme = await readFile(join(EXAMPLES, name, 'README.md'), 'utf8');
  const end = /^== what is expected$[\s\S]*/m.exec(run.stdout)?.[0] ?? `${run.stdout}${run.stderr}`;
  const promised = fencedBlocks(readme).find((block) => block.startsWith('== ')) ?? '';
  return { exitCode: run.exitCode, printed: masked(end), promised: masked(promised) };
}

function masked(text: string): string {
  return text
    .replace(/\b[0-9a-f]{7,12}\b/g, '<commit>')
    .replace(/^\d\d-\d\d-\d{4}-/gm, '<stamp>-')
    .replace(/\(\d+ s\)/g, '(<time>)')
    .replace(/\(sandbox: .*\)/, '(sandbox: <level>)')
    .replace(/Inspect \/\S+,/, 'Inspect <folder>,');
}
