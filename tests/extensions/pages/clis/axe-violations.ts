import { readFile } from 'node:fs/promises';
import { installCli } from '../../../support/install-clis.ts';
import type { Page } from './browser.ts';

const WIDTHS = [360, 1280];
const ALL_WIDTHS = [320, 768, 1280, 2560];
const SCHEMES = ['light', 'dark'];

/** What axe finds, with everything expanded: rules of WCAG A and AA, and best practices; and each width that scrolls. */
export async function violationsOn(page: Page): Promise<string[]> {
  const { path } = await installCli('axe');
  await page.evaluate(await readFile(path, 'utf8'));
  await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
  const found: string[] = [];
  for (const width of WIDTHS)
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const violations = await page.evaluate<string[]>(
        "axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => [id, target, any[0]?.message].join(' '))))",
      );
      found.push(...violations.map((each) => `${width} ${colorScheme} ${each}`));
    }
  for (const width of ALL_WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
    if (shown > width) found.push(`${width} is ${shown} wide`);
  }
  return found;
}
