mod by_hand;
mod convergence;
mod lapsing;
mod rules;
