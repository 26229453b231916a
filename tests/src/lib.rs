//! Scenarios, crash matrix and tidy checks over the whole workspace.
