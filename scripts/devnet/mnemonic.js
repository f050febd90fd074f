#!/usr/bin/env node
// Prints the mnemonic that Ganache derives from a seed: no other word list is needed.
"use strict";

const ganache = require("ganache");

const provider = ganache.provider({ logging: { quiet: true }, wallet: { seed: process.argv[2] } });
process.stdout.write(provider.getOptions().wallet.mnemonic, () => process.exit(0));
