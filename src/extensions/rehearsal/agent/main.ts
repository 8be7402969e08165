#!/usr/bin/env node

import { playIteration } from './play-iteration.ts';

playIteration(process.env);
