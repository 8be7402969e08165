// `tsx --import ./scripts/markdown-as-text.mjs scripts/web-pictures.ts [--all]`: draws the page in the browser for docs/web.md and README;
// with `--all` at every width, into the folder web-pictures of the temporary folder.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, openBrowser } from '../tests/clis/web/browser.ts';
import { reportedSession } from '../tests/support/report-session.ts';
import { serveWeb } from '../tests/support/web-rig.ts';

// The bundler sets these; run from source there is no bundler.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.3.0' });

const isAll = process.argv.includes('--all');
const folder = isAll ? join(tmpdir(), 'web-pictures') : 'docs/images';
await mkdir(folder, { recursive: true });

const { project } = await reportedSession({ iterations: 12, name: 'boat-names', ends: 'waiting' });
await using _ = project.repo;
for (const [name, ends] of [
  ['harbour-map', 'done'],
  ['pier-lights', 'running'],
  ['tide-table', 'blocked'],
  ['crew-list', 'done'],
] as const)
  await reportedSession({ iterations: 7, name, ends, project });
await using web = await serveWeb(project.context);

for (const look of isAll ? (['light', 'dark'] as const) : (['light'] as const))
  for (const width of isAll ? [360, 768, 1280, 2560] : [1280]) {
    await using browser = await openBrowser({
      colorScheme: look,
      viewport: { width, height: isAll ? 1400 : 900 },
    });
    const page = await browser.tab(addressOf(web));
    await page.locator('.card').first().waitFor();
    await page.screenshot({ path: join(folder, isAll ? `board-${width}-${look}.png` : 'web-board.png') });
    if (!isAll) continue;
    await page.locator('.card a').first().click();
    await page.locator('#p-sections section').first().waitFor();
    await page.screenshot({ path: join(folder, `session-${width}-${look}.png`) });
    if (browser.mishaps.length > 0) throw new Error(browser.mishaps.join('\n'));
  }
