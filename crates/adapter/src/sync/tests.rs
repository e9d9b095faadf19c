mod by_hand;
mod convergence;
mod lapsing;
mod moving;
mod reconciling;
mod restarting;
mod rules;
