import type { Page } from './page.ts';
import { phasesPage } from './phases.ts';

/** Every page that is made from code. */
export const PAGES: readonly Page[] = [phasesPage];
