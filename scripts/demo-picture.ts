// `npm run build && tsx --import ./scripts/markdown-as-text.mjs scripts/demo-picture.ts`: draws the demo's terminal for the README, in dark and light.
import './hand-over.ts';

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../tests/support/temp-dir.ts';
import { terminalSvg } from './terminal-svg.ts';

await using home = await tempDir();
const { stdout, exitCode } = await runCommand(process.execPath, ['dist/samocode.js', 'demo', '--pace', '0'], {
  cwd: process.cwd(),
  env: { ...process.env, HOME: home.path, FORCE_COLOR: '1', COLUMNS: '80' },
  timeoutMs: 300_000,
});
if (exitCode !== 0) throw new Error(`The demo ended with ${exitCode}.`);
// Replaces what differs from run to run.
const text = stdout
  .replaceAll(/\S*samocode-demo-\w+/g, '~')
  .replaceAll(/^\n+|\n+$/g, '')
  .replaceAll('\n\n\n', '\n\n')
  .replace(/\n[^\n]*Everything was removed[\s\S]*$/, '');
await mkdir('docs/images', { recursive: true });
const label = 'A terminal with a whole session: samocode demo';
for (const theme of ['dark', 'light'] as const)
  await writeFile(
    join('docs/images', `demo-${theme}.svg`),
    terminalSvg(`$ samocode demo\n\n${text}`, { theme, label }),
  );
