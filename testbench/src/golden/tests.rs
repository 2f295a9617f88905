//! Placeholder until the packet builders stand.
