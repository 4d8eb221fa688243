-- Run once, by the first start of the server, in its database "optuna".
CREATE DATABASE mlflow;
CREATE DATABASE mlflow_auth;
