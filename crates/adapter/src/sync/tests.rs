mod by_hand;
mod convergence;
mod rules;
