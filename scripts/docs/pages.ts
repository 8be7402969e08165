import { agentsPage } from './agents.ts';
import { cliPage } from './cli.ts';
import { errorsPage } from './errors.ts';
import type { Page } from './page.ts';
import { phasesPage } from './phases.ts';
import { resourcesPage } from './resources.ts';
import { settingsPage } from './settings.ts';
import { toolsPage } from './tools.ts';

/** Every page that is made from code. */
export const PAGES: readonly Page[] = [
  phasesPage,
  toolsPage,
  resourcesPage,
  settingsPage,
  agentsPage,
  cliPage,
  errorsPage,
];
