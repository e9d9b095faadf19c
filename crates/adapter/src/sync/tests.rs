mod convergence;
mod rules;
