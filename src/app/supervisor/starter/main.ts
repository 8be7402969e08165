#!/usr/bin/env node
import { loadProgram } from '../../../core/sandbox/programs/code-cache.ts';

const program = loadProgram<{ supervisor(): Promise<void> }>(
  `${import.meta.dirname}/background.cjs`,
  'supervisor',
  process.env,
);
void program.supervisor();
