import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { iterationPaths } from '../../src/session/paths.ts';
import { readExit } from '../../src/worker/iteration-files.ts';
import { eventually } from '../support/eventually.ts';
import { tempLog } from '../support/temp-log.ts';
import { guardOfNothing } from '../guard/guard-of-nothing.ts';
