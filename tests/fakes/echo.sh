#!/bin/sh
# A local function that returns its event.
exec cat
