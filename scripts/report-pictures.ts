// `tsx --import ./scripts/markdown-as-text.mjs scripts/report-pictures.ts`: draws the top of a session's page for docs/report.md, in dark and light.
import './hand-over.ts';

import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandsOf } from '../src/core/caller/facts/step-texts.ts';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { writeSessionReport } from '../src/extensions/pages/report/write-report.act.ts';
import { reportedSession } from '../tests/support/report-session.ts';
import { tempDir } from '../tests/support/temp-dir.ts';

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.3.0' });

/** Chromium's numbers for these colour schemes. */
const THEMES = { dark: 0, light: 1 };
const QUIET = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync'];

const { project, folder } = await reportedSession({ iterations: 30 });
await using _ = project.repo;
await using profile = await tempDir();
const page = join(profile.path, 'page.html');
const request = { session: folder, projectDir: project.repo.path, output: page, renderSteps: commandsOf };
await writeSessionReport(request, project.context);
// The folder's name differs from run to run, and not every machine has fonts for every script.
const text = (await readFile(page, 'utf8')).replaceAll('<bdi>repo</bdi>', '<bdi>harbour</bdi>');
await writeFile(
  page,
  text.replaceAll('Latin, 漢字 and العربية', 'Latin, English, French and Arabic (العربية)'),
);
for (const [theme, preferred] of Object.entries(THEMES)) {
  const picture = resolve('docs/images', `report-${theme}.png`);
  const flags = ['headless', 'no-sandbox', 'disable-gpu', 'disable-quic', 'hide-scrollbars', ...QUIET];
  const args = [
    ...flags.map((flag) => `--${flag}`),
    `--blink-settings=preferredColorScheme=${preferred}`,
    `--user-data-dir=${profile.path}/${theme}`,
    '--window-size=1280,1180',
    `--screenshot=${picture}`,
    pathToFileURL(page).href,
  ];
  const { exitCode } = await runCommand('chromium', args, { timeoutMs: 120_000 });
  if (exitCode !== 0) throw new Error(`Chromium ended with ${exitCode}.`);
}
