#!/usr/bin/env node
import { loadProgram } from '../../../core/sandbox/programs/code-cache.ts';

const program = loadProgram<{ server(): Promise<void> }>(
  `${import.meta.dirname}/samocode-whole.cjs`,
  'server',
  process.env,
);
void program.server();
